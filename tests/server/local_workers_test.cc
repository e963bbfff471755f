#include "server/local_workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "server/private_folder.h"

namespace quire::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Ids(const std::string& workers, int cuda_devices) {
  std::vector<std::string> ids;
  const std::vector<LocalDevice> devices = ChooseDevices(workers, cuda_devices).value();
  for (const LocalDevice& device : devices) {
    ids.push_back(device.id + "=" + device.device);
  }
  return ids;
}

TEST(ChooseDevices, AutoTakesTheCpuWithoutCuda) {
  EXPECT_THAT(Ids("auto", 0), ElementsAre("cpu=cpu"));
}

TEST(ChooseDevices, AutoTakesEveryCudaDevice) {
  EXPECT_THAT(Ids("auto", 2), ElementsAre("cuda-0=cuda:0", "cuda-1=cuda:1"));
}

TEST(ChooseDevices, NoneTakesNone) { EXPECT_THAT(Ids("none", 2), IsEmpty()); }

TEST(ChooseDevices, ANumberSharesTheDevices) {
  EXPECT_THAT(Ids("3", 2), ElementsAre("cuda-0=cuda:0", "cuda-1=cuda:1", "cuda-0-1=cuda:0"));
  EXPECT_THAT(Ids("2", 0), ElementsAre("cpu=cpu", "cpu-1=cpu"));
}

TEST(ChooseDevices, TakesDevicesByName) {
  EXPECT_THAT(Ids("cpu,cuda:1", 2), ElementsAre("cpu=cpu", "cuda-1=cuda:1"));
}

TEST(ChooseDevices, NamesADeviceThatIsNotThere) {
  const absl::Status status = ChooseDevices("cuda:2", 2).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("cuda:2"));
}

TEST(ChooseDevices, RefusesOtherNames) {
  EXPECT_THAT(std::string(ChooseDevices("gpu", 2).status().message()), HasSubstr("'gpu'"));
}

class Folders : public testing::Test {
 protected:
  void Touch(const std::string& path) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << "{}";
  }
  const PrivateFolder folder_ = PrivateFolder::Create().value();
  const std::string root_ = folder_.path();
};

TEST_F(Folders, NumberedDeviceFilesAreCounted) {
  for (const char* name : {"nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "null"}) {
    Touch(root_ + "/" + name);
  }
  EXPECT_EQ(CountCudaDevices(root_), 2);
}

TEST_F(Folders, AFolderThatIsNotThereHasNoDevices) { EXPECT_EQ(CountCudaDevices(root_ + "/x"), 0); }

TEST_F(Folders, APrivateFolderIsForItsOwnerAloneAndGoes) {
  std::string path;
  {
    const PrivateFolder folder = PrivateFolder::Create().value();
    path = folder.path();
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_all);
    Touch(path + "/inside");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace quire::server
