#pragma once

#include <cstdint>

namespace quire::server {

// Limits of the front; the spool's and the renderers' own stand in SpoolLimits and RenderPoolOptions.
struct FrontLimits {
  int64_t max_document_bytes = 500'000'000;
  int max_document_pages = 3000;
  int64_t max_page_pixels = 50'000'000;
  int max_documents = 64;
  int max_waiting_pages = 256;          // see PageQueue::waiting_pages()
  int max_page_attempts = 3;            // failed tries of one page
  double upload_stall_seconds = 30;     // without a byte of a running upload
  double client_stall_seconds = 300;    // without the client taking one message
  double page_stall_seconds = 120;      // a worker with pages whose engine does not move
  double page_total_seconds = 900;      // one try of reading one page
  double worker_wait_seconds = 120;     // a document that no attached worker can read
  double heartbeat_seconds = 2;         // asked of workers
  double heartbeat_limit_seconds = 8;   // silence after which a worker counts as lost
  double hello_seconds = 10;            // for a worker to say who it is
};

}  // namespace quire::server
