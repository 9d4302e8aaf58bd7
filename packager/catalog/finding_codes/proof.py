"""What a proof sees when it loads a bundle as its host would: RUN."""

from __future__ import annotations

from packager.catalog.finding_codes.row import Code

ROWS: tuple[Code, ...] = (
    Code(
        "RUN000",
        "required proof not available",
        "error",
        "The build was told to require a proof (--require-proof), and this machine cannot load the bundle as the host "
        "would: the runtime, the sandbox or a Docker engine is missing, or the audit has already found errors.",
        "Provide what the message names (`packager doctor` shows what this machine can do), or drop --require-proof.",
    ),
    Code(
        "RUN001",
        "module, package or file missing",
        "error",
        "The code asks for a module, a package or a file that is not in the bundle. The package is often only in "
        "devDependencies, the file was left out, or the path is spelled in another case than on disk.",
        "Move the package to the dependencies, include the file (packager.yaml: bundles.<name>.include), or attach the "
        "layer that carries it.",
    ),
    Code(
        "RUN002",
        "native file for another system",
        "error",
        "The loader refuses a native file: it is built for another processor or operating system, or it is cut off. "
        "Packages that were installed on macOS, on Windows or on another architecture cause this.",
        "Install the package for the target: `packager build`, or `npm ci --os=linux --cpu=… --libc=glibc`.",
    ),
    Code(
        "RUN003",
        "native file needs a newer libc",
        "error",
        "A native file asks libc or libstdc++ for a symbol version that the target does not have ('version "
        "`GLIBC_2.38' not found'). It was compiled on a newer system.",
        "Use the prebuilt file of the package, or compile it in the target's image (`--builder docker`).",
    ),
    Code(
        "RUN004",
        "shared library not found",
        "error",
        "The loader does not find a shared library that a native file needs. The library is installed on the machine "
        "of the build, but neither on the target nor in the bundle; files for Alpine ask for musl in the same way.",
        "Put the library into lib/ of the function or of a layer, or use a build of the package that links it "
        "statically.",
    ),
    Code(
        "RUN005",
        "process crashed",
        "error",
        "The process was ended by a signal (SIGSEGV, SIGILL, SIGABRT or another), or it stopped with no report. Native "
        "code that uses instructions the processor lacks, or that meets a library of another version, does this.",
        "Try another version or build of the native package that the message names.",
    ),
    Code(
        "RUN006",
        "generated client finds no engine",
        "error",
        "A generated client starts and does not find its query engine, or it was never generated. Engines are opened "
        "by path, so bundlers and file copies easily leave them behind.",
        "Generate for the target, and keep the engine and schema.prisma together; `packager build` does both.",
    ),
    Code(
        "RUN007",
        "permission denied",
        "error",
        "The runtime's user may not read a file or run a program of the bundle (EACCES). The archive was made with "
        "modes that only their owner may use.",
        "Give files mode 0644 and programs 0755; `packager pack` sets the modes by content.",
    ),
    Code(
        "RUN008",
        "write outside /tmp",
        "error",
        "The code writes to a folder of the function and fails: the file system is read-only (EROFS), except for /tmp. "
        "Caches, log files and downloads beside the code cause this.",
        "Point the cache, log or download folder of the code or of its package to /tmp.",
    ),
    Code(
        "RUN009",
        "timeout",
        "error",
        "The bundle was still starting, loading or answering when the time limit of the proof was reached. It waits "
        "for a lock or a server, or it computes in an endless loop at the top of a module.",
        "Remove the wait or the loop from code that runs on import, or allow more time: `packager prove --timeout`.",
    ),
    Code(
        "RUN010",
        "out of memory",
        "error",
        "The system or the runtime ended the process because it needed more memory than the function has.",
        "Raise the memory of the function, or load less while the module is imported.",
    ),
    Code(
        "RUN011",
        "handler not found or not a function",
        "error",
        "The module of the handler loads, but it does not export the configured name, or the export is not a function. "
        "The same code stands for a handler that is not written as FILE.EXPORT.",
        "Correct `handler` (packager.yaml: bundles.<name>.handler), for example src/index.handler.",
    ),
    Code(
        "RUN012",
        "ES module and CommonJS mixed",
        "error",
        "Node loads a file as the other kind of module than it is written in: `import` in a CommonJS file, or "
        "`require` in an ES module. The extension and the nearest package.json decide.",
        'Rename the file to .mjs or .cjs, or set "type" in its package.json and include that file in the bundle.',
    ),
    Code(
        "RUN013",
        "syntax not supported by the runtime",
        "error",
        "The runtime cannot parse a file. The file uses syntax of a newer version of the language, or it is not "
        "compiled to JavaScript at all.",
        "Compile the code for the target's version of the language, or choose a newer runtime.",
    ),
    Code(
        "RUN014",
        "exception while loading",
        "error",
        "A module raises an exception while it is imported, and the exception matches no more specific code. A missing "
        "environment variable is the most frequent cause.",
        "Set the variable (packager.yaml: bundles.<name>.environment, or `packager prove --env`), or correct the line "
        "that the message names.",
    ),
    Code(
        "RUN015",
        "process exits by itself",
        "error",
        "The process ended before the handler was ready or had answered: the code calls process.exit() or sys.exit(), "
        "awaits a promise that never settles, or a bootstrap returns instead of asking for the next event.",
        "Remove the exit from code that runs on import. In a bootstrap, ask the Runtime API for events in a loop.",
    ),
    Code(
        "RUN016",
        "handler fails on the event",
        "error",
        "The bundle loads, and the handler raises an exception or rejects its promise when it gets the event of the "
        "proof (--event).",
        "Correct the handler at the line named in the message, or pass an event of the shape it expects.",
    ),
    Code(
        "RUN017",
        "native file for another language version",
        "error",
        "An addon or extension module was built for another major version of Node or another version of Python than "
        "the runtime has. An install made with a different version than the target's causes this.",
        "Install or rebuild the package with the language version of the target; `packager build` asks for it.",
    ),
    Code(
        "RUN018",
        "bootstrap cannot be started",
        "error",
        "The bootstrap of a custom runtime is missing, is not executable, is neither an ELF program nor a script with "
        "`#!`, or is built for another processor.",
        "Put a `bootstrap` with mode 0755 at the root of the function or of a layer, built for the target's processor.",
    ),
    Code(
        "RUN019",
        "undefined symbol",
        "error",
        "A native file refers to a symbol that none of its libraries defines ('undefined symbol'). The file and a "
        "library are from different releases.",
        "Reinstall both the package and the library for the target, so that their versions match.",
    ),
    Code(
        "RUN020",
        "network needed while loading",
        "error",
        "A module connects to another server while it is imported, and fails because a proof runs without a network. "
        "In production the same line makes every cold start wait for that server.",
        "Connect inside the handler, or on first use.",
    ),
    Code(
        "RUN021",
        "unexpected answer",
        "error",
        "The handler answers the event, and the answer differs from what --expect asks for: another status code, a "
        "missing key or another value.",
        "Correct the handler, the event, or the value given to --expect.",
    ),
    Code(
        "RUN022",
        "refused write outside /tmp ignored",
        "warning",
        "The code tries to write outside /tmp, catches the error and continues. The bundle loads, but what the code "
        "wanted to store is lost on every start.",
        "Write to /tmp, or turn off the cache or log that writes beside the code.",
    ),
    Code(
        "RUN023",
        "refused connection ignored",
        "warning",
        "The code tries to reach another host while it loads or answers, and continues after the proof refused the "
        "connection. Telemetry and downloads of settings do this; on the host they delay each cold start.",
        "Check whether this connection is intended. Turn off telemetry, or open the connection on first use.",
    ),
    Code(
        "RUN024",
        "too many processes",
        "warning",
        "The code starts processes or threads until the host refuses more, or leaves most of them running at the end. "
        "A pool without an upper limit, or child processes that are never ended, cause this.",
        "Limit the size of the pool, and end child processes when their work is done.",
    ),
    Code(
        "RUN025",
        "memory limit exceeded",
        "warning",
        "The bundle loads here, but it or its child processes used more memory than the function is configured with. "
        "The host would end the process.",
        "Set the function's memory above the peak that the message shows, or reduce that peak.",
    ),
    Code(
        "RUN026",
        "callback handler refused",
        "error",
        "The handler declares a third parameter, the callback, and this runtime refuses such handlers when it loads "
        "them, whatever they do with it. AWS removed callbacks with nodejs24.x; handlers that stream keep them.",
        "Write the handler as an async function of the event and the context that returns its answer.",
    ),
)
