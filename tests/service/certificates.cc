#include "tests/service/certificates.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace quire {
namespace {

void Run(const std::string& folder, const std::string& command) {
  const std::string line = absl::StrCat("cd '", folder, "' && ", command, " >openssl.log 2>&1");
  EXPECT_EQ(std::system(line.c_str()), 0) << command << "; see openssl.log";
}

}  // namespace

Authority::Authority(const std::string& folder) : folder_(folder) {
  std::filesystem::create_directories(folder);
  Run(folder_, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
               "-subj '/CN=quire test authority' -keyout ca.key -out ca.pem");
}

void Authority::Issue(const std::string& name) const {
  std::ofstream(folder_ + "/extensions") << "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
  Run(folder_, absl::StrCat("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=",
                            name, "' -keyout new.key -out new.csr"));
  Run(folder_, "openssl x509 -req -in new.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
               "-extfile extensions -out new.pem");
  std::filesystem::rename(folder_ + "/new.key", key_file(name));
  std::filesystem::rename(folder_ + "/new.pem", cert_file(name));
}

}  // namespace quire
