#include "client/pause.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <utility>

#include "proto/check.h"

namespace quire::client {
namespace {

constexpr char kCtrlZ = 0x1A;

}  // namespace

std::unique_ptr<Pause> Pause::Watch(Interrupt& interrupt,
                                    std::function<void(bool paused)> on_change) {
  termios terminal = {};
  const bool is_ours = isatty(STDIN_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) == getpgrp() &&
                       tcgetattr(STDIN_FILENO, &terminal) == 0;
  if (!is_ours) return nullptr;
  std::unique_ptr<Pause> pause(new Pause(interrupt, std::move(on_change)));
  pause->found_ = terminal;
  terminal.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  terminal.c_cc[VSUSP] = _POSIX_VDISABLE;  // Ctrl-Z comes as a key
  terminal.c_cc[VMIN] = 1;
  terminal.c_cc[VTIME] = 0;
  if (tcsetattr(STDIN_FILENO, TCSANOW, &terminal) != 0) return nullptr;
  pause->restore_ =
      std::make_unique<OnInterrupt>(interrupt, [raw = pause.get()] { raw->Restore(); });
  pause->reader_ = std::thread([raw = pause.get()] { raw->ReadKeys(); });
  return pause;
}

Pause::Pause(Interrupt& interrupt, std::function<void(bool paused)> on_change)
    : interrupt_(interrupt), on_change_(std::move(on_change)) {
  QUIRE_CHECK(pipe2(stop_pipe_, O_CLOEXEC) == 0);
}

Pause::~Pause() {
  restore_ = nullptr;
  if (reader_.joinable()) {
    [[maybe_unused]] const ssize_t written = write(stop_pipe_[1], "x", 1);
    reader_.join();
    Restore();
  }
  close(stop_pipe_[0]);
  close(stop_pipe_[1]);
}

void Pause::Restore() {
  tcsetattr(STDIN_FILENO, TCSANOW, &found_);
  changed_.NotifyAll();
}

void Pause::ReadKeys() {
  while (true) {
    pollfd waits[] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                      {.fd = stop_pipe_[0], .events = POLLIN, .revents = 0},
                      {.fd = interrupt_.fd(), .events = POLLIN, .revents = 0}};
    if (poll(waits, 3, -1) < 0) continue;
    if (waits[1].revents != 0 || waits[2].revents != 0) return;
    char key = 0;
    if (read(STDIN_FILENO, &key, 1) != 1) return;  // the terminal is gone
    if (key == 'p' || key == kCtrlZ) Toggle();
  }
}

void Pause::Toggle() {
  bool paused = false;
  {
    MutexLock lock(mutex_);
    paused = requested_ = !requested_;
    changed_.NotifyAll();
  }
  on_change_(paused);
}

bool Pause::requested() const {
  MutexLock lock(mutex_);
  return requested_;
}

void Pause::Wait() {
  const OnInterrupt wake(interrupt_, [this] {
    MutexLock lock(mutex_);
    changed_.NotifyAll();
  });
  MutexLock lock(mutex_);
  while (requested_ && !interrupt_.requested()) changed_.Wait(mutex_);
}

}  // namespace quire::client
