#include "tests/torture/books.h"

namespace quire {

int Books::Owe(int pages) {
  MutexLock lock(mutex_);
  const int number = static_cast<int>(documents_.size());
  documents_[number].times.resize(pages);
  return number;
}

void Books::Got(int document, int page, bool right_text) {
  MutexLock lock(mutex_);
  ++documents_.at(document).times.at(page - 1);
  if (!right_text) ++wrong_;
}

void Books::Forget(int document) {
  MutexLock lock(mutex_);
  documents_.at(document).forgotten = true;
}

std::vector<int> Books::Missing(int document) const {
  MutexLock lock(mutex_);
  const std::vector<int>& times = documents_.at(document).times;
  std::vector<int> missing;
  for (size_t i = 0; i < times.size(); ++i) {
    if (times[i] == 0) missing.push_back(static_cast<int>(i) + 1);
  }
  return missing;
}

Books::Balance Books::Close() const {
  MutexLock lock(mutex_);
  Balance balance{.wrong = wrong_};
  for (const auto& [number, document] : documents_) {
    ++balance.documents;
    if (document.forgotten) ++balance.forgotten;
    for (const int times : document.times) {
      balance.pages += times;
      if (times > 1) ++balance.doubled;
      if (times == 0 && !document.forgotten) ++balance.unaccounted;
    }
  }
  return balance;
}

}  // namespace quire
