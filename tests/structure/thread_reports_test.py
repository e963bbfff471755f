#!/usr/bin/env python3
"""Holds tests/thread_reports.py to what counts: made reports, one fact each.

  thread_reports_test.py TESTS_FOLDER
"""
import sys

sys.path.insert(0, sys.argv.pop(1))
import thread_reports  # noqa: E402

RACE = """data race (pid=7)
  Read of size 8 at 0x7ba000000080 by thread T2:
    #0 memcpy ../../sanitizer_common/interceptors.inc:827 (libtsan.so.2+0x5dda6)
    #1 {first}
    #2 operator() ../server/event_loop.cc:7 (quire-server+0x28aea6)

  Previous write of size 8 at 0x7ba000000080 by main thread:
    #0 std::string::assign(char const*) /usr/include/c++/12/bits/basic_string.h:1630 (quire-server+0x3e1ea8)
    #1 {second}

  Location is heap block of size 192 at 0x7b3000000300 allocated by main thread:
    #0 operator new(unsigned long) ../../tsan/tsan_new_delete.cpp:64 (libtsan.so.2+0x87323)
"""
LOCKS = """lock-order-inversion (potential deadlock) (pid=7)
  Cycle in lock order graph: M1 => M2 => M1

  Mutex M2 acquired here while holding mutex M1 in main thread:
    #0 pthread_mutex_lock ../../sanitizer_common/interceptors.inc:4324 (libtsan.so.2+0x558e1)
    #1 {first}
    #2 main ../server/main.cc:9 (quire-server+0x1)
"""
QUEUE = "quire::server::PageQueue::Pick() ../server/page_queue.cc:40 (quire-server+0x1)"
REGISTRY = "quire::server::WorkerRegistry::loads() ../server/worker_registry.cc:9 (quire-server+0x2)"
LIBRARY = "grpc_core::Arena::~Arena() <null> (libgrpc.so.29+0x44178a)"
HEADER = "grpc::Call::call() const /usr/include/grpcpp/impl/call.h:70 (quire-server+0x3)"
MADE = "quire::server::NewRecognizeCall(CallParts const&) ../server/recognize_call.cc:78 (quire-server+0x4)"
CALLED = "OnReadDone ../server/recognize_call.cc:33 (quire-server+0x5)"
LOCK = "quire::Mutex::Lock() ../proto/mutex.h:15 (quire-server+0x6)\n    #9 " + QUEUE

CASES = (
    ("both of Quire", RACE.format(first=QUEUE, second=REGISTRY), True),
    ("both of Quire, below its lock", LOCKS.format(first=LOCK), True),
    ("one in a library", RACE.format(first=QUEUE, second=LIBRARY), False),
    ("one in a library's header", RACE.format(first=HEADER, second=QUEUE), False),
    ("handed to gRPC when made", RACE.format(first=CALLED, second=MADE), False),
    ("a library's locks", LOCKS.format(first="CPLAcquireMutex <null> (libgdal.so.32+0x3bec85)"), False),
)


def main():
    faults = [name for name, report, wanted in CASES if bool(thread_reports.counts(report)) != wanted]
    for name in faults:
        print(f"counted wrongly: {name}")
    print(f"{len(CASES)} reports, {len(faults)} counted wrongly")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
