#pragma once

#include <string>

namespace quire {

// A certificate authority in a folder of its own, made by the openssl program for a test.
class Authority {
 public:
  // The test fails when it cannot be made.
  explicit Authority(const std::string& folder);
  // Writes FOLDER/NAME.pem and FOLDER/NAME.key, vouched for by this authority, for localhost and
  // 127.0.0.1. Each is replaced in one step.
  void Issue(const std::string& name) const;
  std::string ca_file() const { return folder_ + "/ca.pem"; }
  std::string cert_file(const std::string& name) const { return folder_ + "/" + name + ".pem"; }
  std::string key_file(const std::string& name) const { return folder_ + "/" + name + ".key"; }

 private:
  const std::string folder_;
};

}  // namespace quire
