#pragma once

namespace quire {

// Takes what gRPC and protobuf would write to stderr on their own into the program's log. A peer can
// make either complain with every message or handshake: of errors, one line in ten seconds goes there,
// with the number of those that were left out. Call it once, after SetUpLog().
void LogForLibraries();

}  // namespace quire
