"""What can be wrong with an archive as a file: ZIP."""

from __future__ import annotations

from packager.catalog.finding_codes.row import Code

ROWS = (
    Code(
        "ZIP001",
        "names differ only in case",
        "warning",
        "Two paths differ only in upper and lower case, or in how a letter is composed (é as one or as two "
        "characters). Linux keeps both; unpacking on macOS or Windows "
        "loses one of them.",
        "Rename one of them.",
    ),
    Code(
        "ZIP002",
        "compression method",
        "error",
        "A member is compressed with a method that hosts do not unpack, such as the Deflate64 of Windows' Explorer.",
        "Compress it with Deflate: `packager pack IN.zip -o OUT.zip` re-packs any zip it can read.",
    ),
    Code(
        "ZIP003",
        "encrypted",
        "error",
        "A member is encrypted; hosts have no password.",
        "Make the archive without a password.",
    ),
    Code(
        "ZIP004",
        "zip64",
        "warning",
        "The archive uses zip64 records, which are needed from 4 GiB or 65,535 entries on only, and which not "
        "every host reads.",
        "Re-pack it with `packager pack IN.zip -o OUT.zip`, which uses zip64 records only where they are needed.",
    ),
    Code(
        "ZIP005",
        "stored with data descriptor",
        "note",
        "Stored members have their sizes behind their data. AWS reads that, some streaming readers refuse.",
        "Re-pack it with `packager pack IN.zip -o OUT.zip`, which writes the sizes before the data.",
    ),
    Code(
        "ZIP006",
        "backslash in a name",
        "error",
        "Windows tools write folders with backslashes; Linux takes them for letters, so no folder comes of it.",
        "Re-pack it with `packager pack IN.zip -o OUT.zip`, which writes forward slashes.",
    ),
    Code(
        "ZIP007",
        "unsafe name",
        "error",
        "A member's name is empty, absolute, has a .. segment, a NUL or bytes that are no UTF-8.",
        "Make the archive again from inside the folder, with relative names.",
    ),
    Code(
        "ZIP008",
        "duplicate name",
        "error",
        "A name is in the archive more than once; some readers take the first member, some the last.",
        "Create the archive from scratch instead of appending to it.",
    ),
    Code(
        "ZIP009",
        "no Unix modes",
        "warning",
        "The archive was made on DOS or Windows and says nothing about who may read or execute its files.",
        "Re-pack it with `packager pack IN.zip -o OUT.zip`, which sets the modes by content.",
    ),
    Code(
        "ZIP010",
        "unreadable mode",
        "error",
        "A file's mode does not let others read it; the runtime runs as another user: 'EACCES: permission denied'.",
        "Use 0644 and 0755, or re-pack it: `packager pack IN.zip -o OUT.zip`.",
    ),
    Code(
        "ZIP011",
        "link leads out",
        "error",
        "A symbolic link points outside the archive: to nothing at run time, or to what is not yours.",
        "Put the file itself in its place.",
    ),
    Code(
        "ZIP012",
        "damaged member",
        "error",
        "A member cannot be read: cut off, a wrong checksum, or not where the directory says. Hosts refuse "
        "the whole archive.",
        "Make or download the archive again.",
    ),
    Code(
        "ZIP013",
        "contradicting headers",
        "error",
        "The directory and the header before a member's data disagree, so that readers see different files.",
        "Re-pack it from its source with an ordinary tool.",
    ),
    Code(
        "ZIP014",
        "hidden bytes",
        "warning",
        "There are bytes before, between or behind the members that no reader of the directory sees.",
        "Re-pack it with `packager pack IN.zip -o OUT.zip`, which copies only the members.",
    ),
    Code(
        "ZIP015",
        "overlapping members",
        "error",
        "Two members share bytes of the archive, as in archive bombs.",
        "Do not use this archive.",
    ),
    Code(
        "ZIP016",
        "link leads nowhere",
        "warning",
        "A symbolic link points to a name inside the archive that no member has: opening it gives 'no such file "
        "or directory'. So are packages linked whose folder was left out.",
        "Pack what it points to, or leave the link out.",
    ),
    Code(
        "ZIP017",
        "links in a circle",
        "error",
        "A symbolic link leads back to itself, by way of other links or directly: 'too many levels of symbolic links'.",
        "Remove one of the links, or put the file itself in its place.",
    ),
)
