// Claim: on one thread texts become ids at least five times as fast as by the `tokenizers` library, and they
// are the same ids. Each tokenizer first encodes all texts of a mix (English, French, package synopses, CJK,
// emoji, combining marks, random Unicode, texts that spell special tokens) with both
// (bench/tokenizer_bench_peer.py) and decodes them again; then both encode paragraphs of Wikipedia in turns.
// Fails when a text's ids or decoded text differ, or when a real vocabulary is below the claim.
//
//   tokenizer_bench [--lines 200000] [--megabytes 4] [--pairs 5] [--real | --trained] [MODEL ...]
//
// MODELs are folders with a tokenizer.json and GGUF files, to be measured besides the fixtures. --real,
// --trained: only the real vocabularies, or only the small ones that the peer trains to compare every other
// kind of model.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/data_folder.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/input_stream.h"
#include "whitney/infer/gguf.h"
#include "whitney/infer/gguf_tokenizer.h"
#include "whitney/text/tokenizer.h"
#include "whitney/text/unicode.h"

namespace whitney::bench {
namespace {

constexpr double kClaim = 5;

struct Options {
  int64_t num_lines = 200'000;
  int64_t megabytes = 4;
  int num_pairs = 5;
  /// Only the tokenizers that are real, or only those that the peer trains to cover every kind.
  bool real = true, trained = true;
  std::vector<std::string> models;
};

// A stream of numbers that is the same everywhere.
class Numbers {
 public:
  uint32_t below(uint32_t n) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<uint32_t>((state_ >> 33) % n);
  }

 private:
  uint64_t state_ = 42;
};

void for_each_line(const std::string& path, const std::function<bool(std::string_view)>& take) {
  auto input = data::InputStream::open(path);
  for (std::string_view lines = input.next_lines(1 << 20); !lines.empty();
       lines = input.next_lines(1 << 20)) {
    while (!lines.empty()) {
      const size_t end = std::min(lines.find('\n'), lines.size());
      if (!take(lines.substr(0, end))) return;
      lines.remove_prefix(std::min(end + 1, lines.size()));
    }
  }
}

// Appends up to `count` texts: the fields of a file's lines from the first one wanted on.
void append_fields(const std::string& set, const char* file, int first_field, int64_t count,
                   std::vector<std::string>& texts) {
  const auto folder = find_data(set);
  if (!folder) return;
  for_each_line(*folder + "/" + file, [&](std::string_view line) {
    for (int field = 0; !line.empty() && count > 0; ++field) {
      const size_t end = std::min(line.find('\t'), line.size());
      if (field >= first_field) {
        texts.emplace_back(line.substr(0, end));
        --count;
      }
      line.remove_prefix(std::min(end + 1, line.size()));
    }
    return count > 0;
  });
}

struct Range {
  uint32_t first, last;
};
constexpr Range kAnywhere = {0x1, 0x10FFFF};
// What made-up texts are made of.
constexpr std::vector<Range> alphabet_of(int kind) {
  switch (kind) {
    case 0:
      return {kAnywhere};
    case 1:
      return {{0x1F300, 0x1FAFF}, {0x2600, 0x27BF},   {0x200D, 0x200D},
              {0xFE0F, 0xFE0F},   {0x1F1E6, 0x1F1FF}, {0x20, 0x20}};
    case 2:
      return {{0x4E00, 0x9FFF}, {0x3040, 0x30FF}, {0xAC00, 0xD7A3}, {0x3000, 0x303F}, {0xFF01, 0xFF5E}};
    case 3:
      return {{0x61, 0x7A}, {0x300, 0x36F}, {0xC0, 0x17F}, {0x20, 0x20}, {0x1E00, 0x1EFF}, {0x591, 0x5C7}};
    case 4:
      return {{0x9, 0xD}, {0x20, 0x7E}, {0xA0, 0xA0}, {0x2000, 0x200F}, {0x20, 0x20}, {0x2581, 0x2581}};
    case 5:
      return {{0x20, 0x7E}};
    default:
      return {{0x20, 0x2FFF}};
  }
}

std::string made_up(int kind, Numbers& numbers) {
  static constexpr const char* kTokens[] = {
      "[CLS]", "[MASK]", "<s>",      "</s>",     "<mask>", " <mask> ",     "<|endoftext|>", "<unk>",
      "<pad>", "##ing",  "New York", "<tail>  ", "été",    "<extra_id_0>", "<|im_start|>"};
  const std::vector<Range> ranges = alphabet_of(kind);
  std::string text;
  for (uint32_t i = numbers.below(60) + 1; i > 0; --i) {
    const Range range = ranges[numbers.below(static_cast<uint32_t>(ranges.size()))];
    const uint32_t c = range.first + numbers.below(range.last - range.first + 1);
    if (c < 0xD800 || c > 0xDFFF) text::append_utf8(text, c);
    if (numbers.below(8) == 0) text += ' ';
    if (kind >= 5 && numbers.below(12) == 0) text += kTokens[numbers.below(std::size(kTokens))];
  }
  return text;
}

// The wiki paragraphs come first: they are what is timed.
std::vector<std::string> make_texts(int64_t num_lines) {
  std::vector<std::string> texts;
  append_fields("wiki-en-articles", "wiki-0.tsv.xz", 2, num_lines / 4, texts);
  append_fields("tatoeba-eng-fra", "fra.tsv.xz", 0, num_lines / 4, texts);
  append_fields("debian-packages", "synopses.txt.gz", 0, num_lines / 5, texts);
  Numbers numbers;
  for (int64_t i = 0; std::ssize(texts) < num_lines; ++i)
    texts.push_back(made_up(static_cast<int>(i % 7), numbers));
  return texts;
}

void write_texts(const std::string& path, const std::vector<std::string>& texts) {
  std::ofstream file(path, std::ios::binary);
  for (const std::string& text : texts) {
    const auto size = static_cast<uint32_t>(text.size());
    file.write(reinterpret_cast<const char*>(&size), sizeof size) << text;
  }
  if (!file.flush()) fail(path, ": cannot be written");
}

// A file of records, each with its length in units of T before it.
template <class T>
std::vector<std::vector<T>> read_records(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::vector<T>> records;
  for (uint32_t size = 0; file.read(reinterpret_cast<char*>(&size), sizeof size);) {
    records.emplace_back(size);
    file.read(reinterpret_cast<char*>(records.back().data()), static_cast<std::streamsize>(size * sizeof(T)));
  }
  return records;
}

text::Tokenizer open_tokenizer(const std::string& path) {
  if (!path.ends_with(".gguf")) return text::Tokenizer::open(path);
  return text::Tokenizer::of_gguf(infer::vocabulary_of(infer::open_gguf(path)), path);
}

void show(const char* what, std::string_view text, std::span<const int32_t> ours,
          std::span<const int32_t> theirs) {
  const auto list = [](std::span<const int32_t> ids) {
    std::string line;
    for (const int32_t id : ids.first(std::min<size_t>(ids.size(), 24))) line += concat(" ", id);
    return line;
  };
  std::printf("    %s: %s\n      ours  %s\n      theirs%s\n", what,
              Value(text.substr(0, 300)).to_json().c_str(), list(ours).c_str(), list(theirs).c_str());
}

class Comparison {
 public:
  Comparison(const Options& options, std::vector<std::string> texts)
      : options_(options), texts_(std::move(texts)), views_(texts_.begin(), texts_.end()) {
    write_texts(folder_.file("texts"), texts_);
    std::vector<std::string> arguments = {folder_.file("texts"), folder_.file("answers"), data_folder(),
                                          folder_.file("models")};
    arguments.insert(arguments.end(), options.models.begin(), options.models.end());
    peer_ = std::make_unique<PythonPeer>("tokenizer_bench_peer.py", arguments);
    while (num_timed_ < views_.size() && num_timed_bytes_ < options.megabytes * 1'000'000) {
      num_timed_bytes_ += std::ssize(views_[num_timed_++]);
    }
  }

  bool run() {
    if (!peer_->is_there()) return false;
    std::printf("%s, %zu texts; timed: %.1f MB of Wikipedia, one thread\n", peer_->versions().c_str(),
                texts_.size(), static_cast<double>(num_timed_bytes_) / 1e6);
    const Value prepared = peer_->ask(Value::object({{"question", "prepare"}, {"train", options_.trained}}));
    bool holds = true;
    for (const auto& [name, path] : prepared.at("paths").as_object()) {
      holds = compare(name, path.as_string()) && holds;
    }
    return holds;
  }

 private:
  bool compare(const std::string& name, const std::string& path) {
    const bool is_trained = path.ends_with(".json");
    if (!is_trained && !options_.real) return true;
    peer_->ask(Value::object({{"question", "open"}, {"name", name}}));
    std::optional<text::Tokenizer> opened;
    const double seconds = seconds_of([&] { opened = open_tokenizer(path); });
    const text::Tokenizer& tokenizer = *opened;
    std::printf("%s: %lld tokens, opened in %.0f ms\n", name.c_str(),
                static_cast<long long>(tokenizer.vocabulary_size()), 1e3 * seconds);
    const int64_t num_different = count_differences(tokenizer);
    if (is_trained) return num_different == 0;  // a small vocabulary, made to be compared only
    return time(tokenizer) && num_different == 0;
  }

  int64_t count_differences(const text::Tokenizer& tokenizer) {
    Context context;
    text::TokenBatch batch;
    tokenizer.encode(context, views_, {}, batch);
    peer_->ask(question("ids", texts_.size(), true));
    const auto theirs = read_records<int32_t>(folder_.file("answers"));
    const auto decoded = read_records<char>(folder_.file("answers.texts"));
    if (theirs.size() != texts_.size()) fail("the peer answers for ", theirs.size(), " texts");
    int64_t num_ids = 0, num_texts = 0;
    for (size_t i = 0; i < texts_.size(); ++i) {
      const std::span<const int32_t> ours = batch[static_cast<int64_t>(i)];
      if (!std::ranges::equal(ours, theirs[i])) {
        if (num_ids++ < 5) show("other ids", texts_[i], ours, theirs[i]);
        continue;
      }
      const std::string text = tokenizer.decode(ours);
      if (text != std::string_view(decoded[i].data(), decoded[i].size()) && num_texts++ < 5) {
        std::printf(
            "    decoded otherwise: %s, not %s\n", Value(text.substr(0, 300)).to_json().c_str(),
            Value(std::string_view(decoded[i].data(), decoded[i].size()).substr(0, 300)).to_json().c_str());
      }
    }
    std::printf("  %zu ids; texts with other ids: %lld, decoded otherwise: %lld\n", batch.ids.size(),
                static_cast<long long>(num_ids), static_cast<long long>(num_texts));
    return num_ids + num_texts;
  }

  bool time(const text::Tokenizer& tokenizer) {
    Context context;
    context.threads = 1;
    text::TokenBatch batch;
    const auto ours = [&] {
      return seconds_of([&] { tokenizer.encode(context, std::span(views_).first(num_timed_), {}, batch); });
    };
    bool holds = true;
    for (const bool fast : {true, false}) {
      const Pairs pairs = run_pairs(options_.num_pairs, ours, [&] {
        return peer_->ask(question("time", num_timed_, fast)).at("seconds").as_real();
      });
      const double megabytes = static_cast<double>(num_timed_bytes_) / 1e6;
      std::printf("  %6.1f MB/s (%.1f million ids/s); %s %.2f MB/s: %.1f times as fast (%.1f to %.1f)\n",
                  megabytes / pairs.ours, static_cast<double>(batch.ids.size()) / 1e6 / pairs.ours,
                  fast ? "encode_batch_fast" : "encode_batch", megabytes / pairs.peer, pairs.ratio,
                  pairs.lowest_ratio, pairs.highest_ratio);
      holds = holds && pairs.ratio >= kClaim;
    }
    if (!holds) std::printf("  DOES NOT HOLD (claim: %.0f times as fast)\n", kClaim);
    return holds;
  }

  static Value question(const char* kind, size_t num_texts, bool fast) {
    return Value::object({{"question", kind},
                          {"texts", static_cast<int64_t>(num_texts)},
                          {"fast", fast},
                          {"decode", std::string_view(kind) == "ids"}});
  }

  Options options_;
  std::vector<std::string> texts_;
  std::vector<std::string_view> views_;
  TemporaryFolder folder_;
  std::unique_ptr<PythonPeer> peer_;
  size_t num_timed_ = 0;
  int64_t num_timed_bytes_ = 0;
};

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  whitney::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (has_value && std::strcmp(argv[i], "--lines") == 0) {
      options.num_lines = std::max(100, std::atoi(argv[++i]));
    } else if (has_value && std::strcmp(argv[i], "--megabytes") == 0) {
      options.megabytes = std::max(1, std::atoi(argv[++i]));
    } else if (has_value && std::strcmp(argv[i], "--pairs") == 0) {
      options.num_pairs = std::max(1, std::atoi(argv[++i]));
    } else if (std::strcmp(argv[i], "--real") == 0) {
      options.trained = false;
    } else if (std::strcmp(argv[i], "--trained") == 0) {
      options.real = false;
    } else {
      options.models.emplace_back(argv[i]);
    }
  }
  try {
    return whitney::bench::Comparison(options, whitney::bench::make_texts(options.num_lines)).run() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
