#pragma once

#include <map>
#include <string>
#include <vector>

#include "proto/mutex.h"

namespace quire {

// What the clients of a torture run were owed and got, page by page. Thread-safe.
class Books {
 public:
  // A document of `pages` pages is to be read; returns its number.
  int Owe(int pages);
  // A page of it came, with the text that it must have, or another one.
  void Got(int document, int page, bool right_text);
  // Its pages are not wanted any more; those that came still count.
  void Forget(int document);
  // Pages that are owed and did not come.
  std::vector<int> Missing(int document) const;

  struct Balance {
    int documents = 0;
    int forgotten = 0;
    int pages = 0;        // that came
    int unaccounted = 0;  // owed, and never came
    int doubled = 0;
    int wrong = 0;        // another page's text, or a broken one
  };
  Balance Close() const;

 private:
  struct Document {
    std::vector<int> times;  // that each page came
    bool forgotten = false;
  };
  mutable Mutex mutex_;
  std::map<int, Document> documents_ ABSL_GUARDED_BY(mutex_);
  int wrong_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace quire
