#include "apps/whitney/fused_hits.h"

#include <cstdio>

#include "apps/whitney/hits.h"
#include "whitney/core/report.h"

namespace whitney::app {
namespace {

std::string rank_text(const std::optional<int64_t>& rank) { return rank ? std::to_string(*rank) : "-"; }
Value rank_value(const std::optional<int64_t>& rank) { return rank ? Value(*rank) : Value(); }

// An attribute of an id, from the first index that has both.
Value attribute_of(const FusedHits& fused, const std::string& id, const std::string& name) {
  for (const Index* index : {fused.first, fused.second}) {
    const Column* column = index->attributes().find(name);
    const std::optional<int64_t> row = column != nullptr ? index->ids().find(id) : std::nullopt;
    if (row) return column->value(*row);
  }
  return {};
}

Value id_of(const FusedHits& fused, const std::string& id) {
  for (const Index* index : {fused.first, fused.second}) {
    if (const std::optional<int64_t> row = index->ids().find(id)) return id_value(index->ids(), *row);
  }
  return id;
}

std::string score_text(double score) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", score);
  return text;
}

}  // namespace

std::string fused_hits_text(const FusedHits& fused, const std::vector<std::string>& show) {
  const bool several = fused.queries.size() > 1;
  std::vector<std::vector<std::string>> cells(1);
  if (several) cells[0].push_back("query");
  cells[0].insert(cells[0].end(), {"rank", "id", "score", "first", "second"});
  cells[0].insert(cells[0].end(), show.begin(), show.end());
  for (size_t q = 0; q < fused.queries.size(); ++q) {
    int64_t rank = 0;
    for (const FusedHit& hit : fused.hits[q]) {
      std::vector<std::string>& line = cells.emplace_back();
      if (several) line.push_back(fused.queries[q]);
      line.insert(line.end(), {std::to_string(++rank), hit.id, score_text(hit.score), rank_text(hit.ranks[0]),
                               rank_text(hit.ranks[1])});
      for (const std::string& name : show) line.push_back(cell_text(attribute_of(fused, hit.id, name)));
    }
  }
  return text_table(cells);
}

Value fused_hits_value(const FusedHits& fused, Fusion fusion, const std::vector<std::string>& show) {
  Value::List answers;
  for (size_t q = 0; q < fused.queries.size(); ++q) {
    Value::List hits;
    int64_t rank = 0;
    for (const FusedHit& one : fused.hits[q]) {
      Value hit = Value::object({{"rank", ++rank}, {"id", id_of(fused, one.id)}, {"score", one.score}});
      hit.set("ranks", Value::List{rank_value(one.ranks[0]), rank_value(one.ranks[1])});
      if (!show.empty()) {
        Value attributes = Value::object();
        for (const std::string& name : show) attributes.set(name, attribute_of(fused, one.id, name));
        hit.set("attributes", std::move(attributes));
      }
      hits.push_back(std::move(hit));
    }
    answers.push_back(Value::object({{"query", fused.queries[q]}, {"hits", std::move(hits)}}));
  }
  return Value::object({{"fusion", name_of_enum(fusion)}, {"queries", std::move(answers)}});
}

}  // namespace whitney::app
