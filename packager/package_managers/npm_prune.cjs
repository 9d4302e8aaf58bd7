// After tree.cjs. Arguments: paths of the packages to remove.
const paths = process.argv.slice(1);
paths.forEach(remove);
new Set(["node_modules", ...paths.map((name) => name.replace(/(.*node_modules)[/].*/, "$1"))]).forEach(tidy);
