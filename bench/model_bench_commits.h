// SPDX-License-Identifier: MIT
#pragma once

#include "serve_bench_subjects.h"

namespace yingda::bench {

/// What no server can do without that keeps the contract and blocks no thread that serves on a disk: one thread reads
/// pushes, one talks to the upstream, one writes to SQLite; the question is in the store before it is asked, the answer
/// before it is given. It checks, parses, filters and remembers nothing, and knows every answer beforehand. Never
/// stops: for a SubjectProcess.
Serving StartBareCommits(int upstream_port);

}  // namespace yingda::bench
