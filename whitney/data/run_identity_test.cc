#include "whitney/data/run_identity.h"

#include <gmock/gmock.h>

#include <string>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney {
namespace {

using ::testing::HasSubstr;

RunIdentity some_run() { return {"ngcf", Value::object({{"dim", 64}, {"slope", 0.2}}), 42, "abc"}; }

Artifact saved(const std::string& path, const std::string& kind = "checkpoint") {
  ArtifactWriter(kind, record_of_checkpoint(some_run())).write(path, true, Context());
  return Artifact::open(path);
}

TEST(RunIdentity, GoesOnWithItsOwnCheckpointOnly) {
  const TemporaryFolder folder;
  const Artifact checkpoint = saved(folder.file("run.ckpt"));
  const auto refusal = [&](const RunIdentity& run) {
    return error_of([&] { require_same_run(checkpoint, run); });
  };
  EXPECT_EQ(refusal(some_run()), "no error");
  RunIdentity run = some_run();
  run.method = "lightgcn";
  EXPECT_THAT(refusal(run), HasSubstr("run.ckpt is a checkpoint of ngcf, not of lightgcn"));
  run = some_run();
  run.options.set("slope", 0.5);
  EXPECT_THAT(refusal(run),
              HasSubstr("run.ckpt holds a training with the option slope 0.2, and this run has 0.5"));
  run = some_run();
  run.seed = 7;
  EXPECT_THAT(refusal(run), HasSubstr("seed"));
  run = some_run();
  run.input = "abd";
  EXPECT_THAT(refusal(run), HasSubstr("input"));
}

TEST(RunIdentity, OpensCheckpointsOnly) {
  const TemporaryFolder folder;
  saved(folder.file("a.ckpt"));
  saved(folder.file("b.ckpt"), "table");
  EXPECT_EQ(open_checkpoint(folder.file("a.ckpt"), Context()).kind(), "checkpoint");
  EXPECT_THAT(error_of([&] { open_checkpoint(folder.file("b.ckpt"), Context()); }),
              HasSubstr("b.ckpt is of kind \"table\", and a checkpoint"));
}

}  // namespace
}  // namespace whitney
