// After tree.cjs. Arguments: name@version of the packages to remove, wherever they lie.
const specs = new Set(process.argv.slice(1)), seen = new Map();
const visit = (folder) => {
  // Links between members of a workspace may lead in a circle.
  if (!within(real(folder)) || seen.has(real(folder))) return;
  seen.set(real(folder), folder);
  for (const name of list(folder)) {
    const below = path.join(folder, name);
    if (name.startsWith("@")) visit(below);
    if (!within(real(below)) || !fs.existsSync(path.join(below, "package.json"))) continue;
    const facts = JSON.parse(fs.readFileSync(path.join(below, "package.json")));
    if (specs.has(facts.name + "@" + facts.version)) remove(below);
    else visit(path.join(below, "node_modules"));
  }
};
visit("node_modules");
// Once everything is gone: a package visited early may link to the program of one that went late.
[...seen.values()].reverse().forEach(tidy);
