#include "bench/recommender_data.h"

#include <filesystem>
#include <fstream>
#include <span>

#include "bench/data_folder.h"
#include "whitney/core/error.h"
#include "whitney/core/value.h"
#include "whitney/data/interactions_reader.h"

namespace whitney::bench {
namespace {

template <class T>
void write_file(const std::string& path, std::span<const T> values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
  if (!file.flush()) fail(path, ": cannot be written");
}

template <class T>
void read_file(const std::string& path, std::span<T> values) {
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
  if (!file) fail(path, ": shorter than ", values.size_bytes(), " bytes");
}

std::span<const float> values_of(const Matrix& matrix) {
  return {matrix.row<float>(0).data(), static_cast<size_t>(matrix.rows() * matrix.cols())};
}

}  // namespace

std::optional<EventSplit> read_event_split(const std::string& name) {
  const std::optional<std::string> folder = find_data(name);
  if (!folder) return std::nullopt;
  const bool is_list = std::filesystem::exists(*folder + "/train.txt.gz");
  auto both = read_interactions({*folder + (is_list ? "/train.txt.gz" : "/data1.txt.gz"),
                                 *folder + (is_list ? "/test.txt.gz" : "/test1.txt.gz")},
                                {}, {});
  return EventSplit{std::move(both[0]), std::move(both[1])};
}

ImplicitPeer::ImplicitPeer(const Interactions& train, int threads)
    : num_users_(train.num_users()), num_items_(train.num_items()) {
  write_file<int64_t>(folder_.file("offsets.bin"), train.offsets.span());
  write_file<uint32_t>(folder_.file("targets.bin"), train.targets.span());
  const std::string count = std::to_string(threads);
  peer_.emplace("implicit_peer.py",
                std::vector<std::string>{folder_.path(), std::to_string(num_items_), count},
                std::vector<std::string>{"OPENBLAS_NUM_THREADS=1", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE",
                                         "OMP_NUM_THREADS=" + count});
}

double ImplicitPeer::lists(const Matrix& users, const Matrix& items, int64_t k, std::vector<int32_t>& found) {
  write_file(folder_.file("users.bin"), values_of(users));
  write_file(folder_.file("items.bin"), values_of(items));
  const Value answer = peer_->ask(Value::object({{"question", "lists"}, {"dim", users.cols()}, {"k", k}}));
  found.resize(static_cast<size_t>(num_users_ * k));
  read_file(folder_.file("lists.bin"), std::span(found));
  return answer.at("seconds").as_real();
}

double ImplicitPeer::learn(const Value& question, Matrix& users, Matrix& items) {
  const Value answer = peer_->ask(question);
  const int64_t dim = answer.at("dim").as_int();
  users = Matrix(num_users_, dim);
  items = Matrix(num_items_, dim);
  read_file(folder_.file("users.bin"),
            std::span(users.mutable_data<float>(), static_cast<size_t>(num_users_ * dim)));
  read_file(folder_.file("items.bin"),
            std::span(items.mutable_data<float>(), static_cast<size_t>(num_items_ * dim)));
  return answer.at("seconds").as_real();
}

Quality quality_of(const EventSplit& data, const Matrix& users, const Matrix& items) {
  const Interactions* const seen[] = {&data.train};
  const auto recommender = recommend::factor_recommender(users, items);
  const eval::UserQualities found = eval::full_ranking(*recommender, seen, data.test, 20, {});
  return {eval::mean_of(found.recall), eval::mean_of(found.ndcg)};
}

}  // namespace whitney::bench
