// Yarn 1, after tree.cjs. Arguments: what to do, the folders of a workspace's members (a line each), and its own ones.
//
// Yarn 1 has no option for another platform and knows no libc: it asks process, which is told what to say, and what
// package.json gives another libc is removed afterwards. Its lock file knows neither folders nor peers, so what
// production needs is found in the tree, by Node's rule.
const [action, given, ...rest] = process.argv.slice(1);

const manifest = (folder) => {
  try { return JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8")) || {}; } catch (error) { return {}; }
};
const names = (table) => Object.keys(Object(table));
const isFolder = (name) => { try { return fs.statSync(name).isDirectory(); } catch (error) { return false; } };
const isLink = (name) => { try { return fs.lstatSync(name).isSymbolicLink(); } catch (error) { return false; } };
const inTree = (name) => path.relative(root, real(name)) || ".";

// Yarn links every member into the project's node_modules, and what is declared with link:.
const readTree = () => {
  const folders = new Set([".", ...given.split("\n").filter(Boolean)]), packages = [], modules = [];
  const one = (folder, name) => {
    if (!isFolder(folder) || !within(real(folder))) return;
    packages.push({ folder, name });
    if (!isLink(folder)) visit(path.join(folder, "node_modules"));
    else if (!inTree(folder).split(path.sep).includes("node_modules")) folders.add(inTree(folder));
  };
  const visit = (folder) => {
    if (!isFolder(folder) || isLink(folder)) return;
    modules.push(folder);
    for (const name of list(folder)) {
      const below = path.join(folder, name);
      if (!name.startsWith("@")) { if (!name.startsWith(".")) one(below, name); continue; }
      if (isFolder(below) && !isLink(below)) for (const inner of list(below)) one(path.join(below, inner), name + "/" + inner);
    }
  };
  // Grows while it is gone through: a link found in one leads to the next.
  for (const folder of folders) visit(path.join(folder, "node_modules"));
  return { folders: [...folders], packages, modules };
};

const suits = (wanted, libc) => {
  const all = [].concat(wanted || []), named = all.filter((name) => !String(name).startsWith("!"));
  return !all.includes("!" + libc) && (named.length === 0 || named.includes(libc) || named.includes("any"));
};
const removeOtherLibc = (libc) => {
  const { folders, packages } = readTree(), optional = new Set(), required = new Set();
  for (const facts of [...folders, ...packages.map((one) => one.folder)].map(manifest)) {
    for (const name of names(facts.optionalDependencies)) optional.add(name);
    for (const name of names(facts.dependencies)) if (!names(facts.optionalDependencies).includes(name)) required.add(name);
  }
  for (const { folder, name } of packages)
    if (optional.has(name) && !required.has(name) && !suits(manifest(folder).libc, libc)) remove(folder);
};

const install = ([spec, cpu, libc, ...options]) => {
  const command = ["--yes", "--package=" + spec, "-c", "command -v yarn"];
  const asked = require("child_process").spawnSync("npx", command, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (asked.status !== 0) {
    console.error(asked.error ? String(asked.error) : asked.stdout);
    process.exit(asked.status || 1);
  }
  const yarn = fs.realpathSync(asked.stdout.trim().split("\n").pop());
  Object.defineProperty(process, "platform", { value: "linux" });
  Object.defineProperty(process, "arch", { value: cpu });
  process.argv.splice(1, process.argv.length, yarn, ...options);
  process.on("exit", (code) => { if (!code && !process.exitCode) removeOtherLibc(libc); });
  require(yarn);
};

const resolve = (folder, name) => {
  for (let at = folder; ; at = path.dirname(at)) {
    const found = path.join(at, "node_modules", name);
    if (path.basename(at) !== "node_modules" && isFolder(found) && within(real(found))) return found;
    if (at === ".") return null;
  }
};
// An optional peer is no reason to keep a package.
const needed = (facts) => {
  const meta = Object(facts.peerDependenciesMeta), peers = names(facts.peerDependencies);
  return [...names(facts.dependencies), ...names(facts.optionalDependencies), ...peers.filter((name) => !Object(meta[name]).optional)];
};
const prune = (locked) => {
  remove(path.join("node_modules", ".yarn-integrity"));
  const { folders, packages, modules } = readTree(), reached = new Set(folders), waiting = [...folders], ours = new Set(locked);
  while (waiting.length > 0) {
    const folder = waiting.pop();
    for (const name of needed(manifest(folder))) {
      const found = resolve(folder, name);
      for (const place of found === null ? [] : [found, inTree(found)]) {
        if (!reached.has(place)) waiting.push(place);
        reached.add(place);
      }
    }
  }
  // What others have put into node_modules, a generated client, is in no lock file: it stays.
  for (const { folder, name } of packages) if (ours.has(name) && !reached.has(folder)) remove(folder);
  modules.reverse().forEach(tidy);
};

({ install, prune })[action](rest);
