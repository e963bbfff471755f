#pragma once

#include <memory>
#include <random>
#include <string>

#include "quire/v1/ocr.grpc.pb.h"
#include "tests/torture/run_parts.h"

namespace quire {

// One user: sends documents one after the other and asks again for the pages that it did not get.
class TortureClient {
 public:
  // `parts` outlives it.
  TortureClient(RunParts& parts, const std::string& address, unsigned seed);

  // Until the run is over and what was begun is read.
  void Run();

 private:
  struct Document {
    int number = 0;  // in the books
    int first_code = 0;
    bool for_nano = false;
    std::string bytes;
  };
  using Stream = grpc::ClientReaderWriter<v1::RecognizeRequest, v1::RecognizeResponse>;

  int Pages();
  void ReadDocument();
  bool Call(const Document& document, int cancel_after);
  bool IsExpected(const grpc::Status& status, bool told_end, int pages);
  void Upload(const Document& document, Stream& stream);
  void Take(const Document& document, const v1::PageResult& page);

  RunParts& parts_;
  std::mt19937 random_;
  std::unique_ptr<v1::OcrService::Stub> stub_;
  int planted_ = 0;
};

}  // namespace quire
