#include "whitney/data/toml_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney {
namespace {

class TomlFileTest : public ::testing::Test {
 protected:
  std::string write(const std::string& text) const {
    std::ofstream(folder_.file("some.toml")) << text;
    return folder_.file("some.toml");
  }
  const TemporaryFolder folder_;
};

TEST_F(TomlFileTest, KeepsTheOrderOfTheFileAndEmptyTables) {
  const std::string path = write(
      "z = 1\na = [0.5, \"x\"]\n[part.second]\n[part.first]\ndim-2 = true\n[part.first.base]\nmethod = "
      "\"m\"\n");
  std::string seen;
  for (const TomlEntry& entry : read_toml(path)) {
    if (entry.keys.back() == "part") continue;  // it has no line of its own
    for (const std::string& key : entry.keys) seen += key + ".";
    seen += "=" + entry.value.to_json() + entry.where.substr(path.size()) + " ";
  }
  EXPECT_EQ(seen,
            "z.=1:1 a.=[0.5,\"x\"]:2 part.second.=null:3 part.first.=null:4 part.first.dim-2.=true:5 "
            "part.first.base.=null:6 part.first.base.method.=\"m\":7 ");
}

TEST_F(TomlFileTest, NamesOptionsByDotsAndLetsMethodChooseThePart) {
  const TomlEntry plain{{"methods", "x", "walk-length"}, 3, ""}, own{{"methods", "x", "method"}, "m", ""},
      part{{"methods", "x", "base", "method"}, "m", ""}, nested{{"methods", "x", "base", "dim"}, 3, ""};
  EXPECT_EQ(option_name(plain, 2), "walk_length");
  EXPECT_EQ(option_name(own, 2), "method");
  EXPECT_EQ(option_name(part, 2), "base");
  EXPECT_EQ(option_name(nested, 2), "base.dim");
}

TEST_F(TomlFileTest, NamesFileAndLineOfWhatCannotBeRead) {
  const auto error = [&](const std::string& text) {
    const std::string path = write(text);
    return error_of([&] { read_toml(path); });
  };
  EXPECT_NE(error("a = 1\nb = \n").find("some.toml:2: "), std::string::npos);
  EXPECT_NE(error("a = 1\nb = 2026-11-24\n").find("some.toml:2: a date or a table"), std::string::npos);
  EXPECT_NE(error("[[a]]\nb = 1\n").find("some.toml:1: a date or a table"), std::string::npos);
  EXPECT_NE(error_of([&] { read_toml(folder_.file("absent.toml")); }).find("absent.toml: cannot be read"),
            std::string::npos);
}

}  // namespace
}  // namespace whitney
