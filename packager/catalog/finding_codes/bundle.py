"""What can be wrong with a bundle as a whole: HND, LAY, PKG, SEC, SIZE."""

from __future__ import annotations

from packager.catalog.finding_codes.row import Code

ROWS = (
    Code(
        "HND001",
        "handler missing",
        "error",
        "The file that the handler names is not where the runtime looks for it.",
        "Include the file, or correct the handler: FILE.EXPORT, relative to the archive's root.",
    ),
    Code(
        "HND002",
        "ES module or CommonJS",
        "error",
        "The handler's file is written as one kind of module and declared as the other, by its ending or by "
        "the nearest package.json.",
        'Name it .mjs or .cjs, or set "type" in package.json, and pack that file too.',
    ),
    Code(
        "HND003",
        "export not mentioned",
        "warning",
        "The handler's file never mentions the name it should export.",
        "Correct the handler: FILE.EXPORT.",
    ),
    Code(
        "HND004",
        "no bootstrap",
        "error",
        "A custom runtime starts a program called bootstrap at the root of the function or of a layer, and "
        "there is none.",
        "Put an executable `bootstrap` at the root of the zip.",
    ),
    Code(
        "HND005",
        "upper and lower case",
        "warning",
        "The code asks for a file of its own in another spelling than the file has. macOS and Windows find it all the "
        "same, Linux does not: 'Cannot find module'.",
        "Write the name as the file has it, or rename the file (git mv, in two steps on a Mac).",
    ),
    Code(
        "HND007",
        "wrapper or preloaded module missing",
        "error",
        "A variable of the function (AWS_LAMBDA_EXEC_WRAPPER, or --require, --import and --loader in NODE_OPTIONS) "
        "names what is started before the handler, and neither the archive nor a layer of it has that file.",
        "Include the file, declare the layer that carries it, by its ARN if it lies elsewhere "
        "(packager.yaml: bundles.<name>.layers), or remove the variable.",
    ),
    Code(
        "LAY001",
        "layer folder that is never read",
        "warning",
        "A folder at the root of a layer is none that a runtime, the loader or the shell looks into. It is an "
        "error if it holds packages that nothing will find.",
        "Use nodejs/node_modules, python, bin or lib.",
    ),
    Code(
        "LAY002",
        "layer folder of another version",
        "warning",
        "A folder of the layer is read by another version of the language's runtime only.",
        "Use the folder for all versions: nodejs/node_modules or python.",
    ),
    Code(
        "PKG001",
        "not compiled",
        "error",
        "The package is compiled when it is installed (it has a binding.gyp), but nothing for the target came of it: "
        "its install script was not run for another architecture, or failed. A warning for optional dependencies.",
        "Build in the target's userland with --builder docker, or take a version that ships prebuilt binaries.",
    ),
    Code(
        "PKG002",
        "own code asks for what is missing",
        "error",
        "The project's own code asks for a module by a name that is written out (require, import, export from), inside "
        "functions too, and neither the archive, its layers, the runtime nor Node has it: the call that comes to that "
        "line fails. A warning where the line stands in a branch, a note where the failure is caught.",
        "Add the package to dependencies, include the file (packager.yaml: bundles.<name>.include), or declare the "
        "layer that carries it (bundles.<name>.layers).",
    ),
    Code(
        "PKG003",
        "own code reads a file that is missing",
        "warning",
        "The project's own code reads a file beside itself (__dirname, import.meta.url), and the archive has no file "
        "of that name: the call that comes to that line fails.",
        "Include the file (packager.yaml: bundles.<name>.include), or write it before it is read.",
    ),
    Code(
        "PKG005",
        "browser not packed",
        "error",
        "A package starts a browser that it downloads into the user's home when it is installed (puppeteer, "
        "playwright): 'Could not find Chrome'. Only the project's folder is packed, and neither the bundle nor a layer "
        "has one. A warning where only another package asks for it, or the code names a browser of its own.",
        "Use puppeteer-core or playwright-core with @sparticuz/chromium, or attach a layer with a browser and name it.",
    ),
    Code(
        "SEC001",
        "named like a secret",
        "warning",
        "A file's name is one that usually holds credentials: .env, .npmrc, id_rsa, *.pem and others.",
        "Leave it out, and give the function its settings as environment variables.",
    ),
    Code(
        "SEC002",
        "secret",
        "error",
        "A file holds what by its form is a key, a token or a password. Every user who may read the function's code "
        "can read it.",
        "Remove it and replace the credential. If it must be there, accept it in packager.yaml (silence: "
        "code, exact path, reason).",
    ),
    Code(
        "SEC003",
        "possible secret",
        "warning",
        "A random-looking value is assigned to a name like token or secret.",
        "Read it at run time from the environment or a secret store.",
    ),
    Code(
        "SIZE001",
        "zip too large",
        "error",
        "The zip is longer than your budget, or (as a warning) than the host takes in a direct upload.",
        "Leave out the largest files, or upload through S3.",
    ),
    Code(
        "SIZE002",
        "too large unpacked",
        "error",
        "The files are larger together than the host unpacks.",
        "Leave out the largest files or move a part into another function.",
    ),
    Code(
        "SIZE003",
        "too large with layers",
        "error",
        "Function and layers together are larger than the host unpacks.",
        "Leave out what is in both, or the largest files.",
    ),
    Code("SIZE004", "too many layers", "error", "The function has more layers than the host allows.", "Merge layers."),
    Code(
        "SIZE005",
        "too many entries",
        "error",
        "The archive has more entries than a zip without zip64 records can hold.",
        "Bundle the code, or leave out what is not needed.",
    ),
)
