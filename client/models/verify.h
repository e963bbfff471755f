#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/interrupt.h"
#include "client/json_format.h"
#include "proto/checkpoint/check_tensors.h"

namespace quire::client {

// A file and its digest.
struct VerifiedFile {
  std::string name;
  uint64_t size_bytes = 0;
  std::string digest_name;  // "sha256"; empty: none is known
  std::string found, expected;
  bool good() const { return found == expected; }
};

// What was looked at in a model's folder.
struct Verification {
  std::string folder;
  std::vector<VerifiedFile> files;  // each *.safetensors, and what a digest is known of
  TensorReport tensors;
  std::vector<absl::Status> faults;  // of files, config, index and tensors; empty: all is well
};

// Checks a model without loading it: config.json, the index, every tensor's name, type and shape,
// the tokenizer's placeholder, and the digest of each file where one is known. InterruptedError;
// what is wrong with the model is in `faults`.
absl::StatusOr<Verification> VerifyModel(const std::string& folder, const Interrupt& interrupt);

std::string FormatVerification(const Verification& verification);
Json VerificationToJson(const Verification& verification);

}  // namespace quire::client
