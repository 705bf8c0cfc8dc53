#include "whitney/text/charsmap.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"

namespace whitney::text {
namespace {

std::string bytes_of(const std::vector<uint32_t>& units) {
  std::string bytes;
  for (const uint32_t unit : units) {
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(unit >> shift & 0xff);
  }
  return bytes;
}

// A trie of the one key "a" with the value 2, where "xyz" stands in the pool. The root leads to units from
// 256 on, so that "a" (0x61) is unit 256 ^ 0x61, a node with a leaf at 512.
std::string map_of_one_key() {
  constexpr uint32_t kOffset = 256, kLeafBit = 1U << 8;
  std::vector<uint32_t> units(1024, 0xff);  // a label that no walk asks for
  units[0] = kOffset << 10;
  const uint32_t node = kOffset ^ 'a', leaf = 512;
  units[node] = ((leaf ^ node) << 10) | kLeafBit | 'a';
  units[leaf] = (1U << 31) | 2;
  return bytes_of({static_cast<uint32_t>(units.size() * 4)}) + bytes_of(units) + std::string("-\0xyz\0", 6);
}

std::string mapped(const Charsmap& map, std::string_view text) {
  std::string out;
  map.append_mapped(text, out);
  return out;
}

TEST(CharsmapOfAKey, ReplacesItAndKeepsTheRest) {
  const Charsmap map(map_of_one_key());
  EXPECT_EQ(mapped(map, "banana"), "bxyznxyznxyz");
  EXPECT_EQ(mapped(map, "xyz \xC3\xA9"), "xyz \xC3\xA9");
  EXPECT_EQ(mapped(map, ""), "");
}

// "a" with a ring above is one cluster of 3 bytes: looked up whole, its shortest key replaces all of it.
TEST(CharsmapOfAKey, ReplacesAWholeClusterThatBeginsWithIt) {
  EXPECT_EQ(mapped(Charsmap(map_of_one_key()), "a\xCC\x8A!"), "xyz!");
}

TEST(CharsmapOfAKey, RefusesSizesThatDoNotFit) {
  for (const std::string& bytes :
       {std::string(), std::string("\x01\0\0\0", 4), std::string("\x08\0\0\0abcd", 8)})
    EXPECT_NE(error_of([&] { Charsmap{bytes}; }), "") << bytes.size();
  EXPECT_NE(error_of([&] { Charsmap::from_base64("not base64!"); }), "");
}

}  // namespace
}  // namespace whitney::text
