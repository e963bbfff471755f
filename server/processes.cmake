# Children, memory shared with them, and the spool; without gRPC.
add_library(quire_server_processes STATIC
  arena.cc
  child_process.cc
  render_pool.cc
  render_process.cc
  render_queue.cc
  render_reply.cc
  renderer.cc
  restart_policy.cc
  spool.cc
  supervisor.cc
  sweeper.cc)
quire_target(quire_server_processes)
target_link_libraries(quire_server_processes PUBLIC quire_proto Threads::Threads)
