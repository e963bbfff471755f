#pragma once

namespace quire::server {

// What one page has been through, and what follows from it. Pure.
//
// A worker that is lost (died, hung, lost its connection) says nothing about which of its pages was
// to blame: each is tried again alone, and only a loss while alone counts. Two of those, or
// `max_failures` failures of any kind, and the page is given up. A page that waited its turn for being
// alone while another took the worker down is tried again far more often: the other, which may be another
// front's, gets several tries as well.
class PageAttempts {
 public:
  enum class Verdict {
    kTryAgain,
    kGiveUp,         // failed too often
    kKillsWorkers,   // two workers were lost while they read nothing else
  };

  explicit PageAttempts(int max_failures) : max_failures_(max_failures) {}

  void OnBegin() { ++begun_; }
  // Its worker was lost; a page that is not to blame may have waited there for another to end.
  Verdict OnWorkerLost(bool may_be_to_blame = true);
  // The worker had no memory for it. Beside others that says nothing about the page: it is tried again
  // alone, and only a want of memory while alone counts.
  Verdict OnOutOfMemory();
  // The worker or the renderer failed at it, and another try may succeed.
  Verdict OnFailed();

  int begun() const { return begun_; }   // tries, the running one included
  bool alone() const { return alone_; }  // whether the next (or running) try must be alone

 private:
  int max_failures_;
  int begun_ = 0;
  int failures_ = 0;
  int losses_alone_ = 0;
  int losses_waiting_ = 0;
  bool alone_ = false;
};

}  // namespace quire::server
