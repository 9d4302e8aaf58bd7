// Removing parts of a tree, and nothing else: the first half of every script that prunes.
//
// What is removed lies in the tree, whatever its name says and wherever links lead: real paths are compared, and of a
// link only the link itself goes. Node 12 has no fs.rmSync, and its rmdir is not what later ones have.
//
// The managers' records of what they installed go, too: they would no longer be true, and hold dates and paths of the
// machine; so does the cache folder that generators write to.
"use strict";
const fs = require("fs"), path = require("path");
const root = fs.realpathSync.native(".");
const real = (name) => { try { return fs.realpathSync.native(name); } catch (error) { return null; } };
const within = (folder) => folder !== null && (folder === root || folder.startsWith(root + path.sep));
const list = (folder) => within(real(folder)) ? fs.readdirSync(folder) : [];
const erase = fs.rmSync ? (name) => fs.rmSync(name, { recursive: true, force: true }) : (name) => {
  if (!fs.lstatSync(name).isDirectory()) return fs.unlinkSync(name);
  for (const below of fs.readdirSync(name)) erase(path.join(name, below));
  fs.rmdirSync(name);
};
const remove = (name) => {
  const parent = real(path.dirname(path.resolve(name)));
  if (parent === null) return;
  const place = path.join(parent, path.basename(path.resolve(name)));
  if (!within(parent)) return console.error("outside the project, left as it is: " + name);
  try { fs.lstatSync(place); } catch (error) { return; }
  erase(place);
};
const tidy = (folder) => {
  const bin = path.join(folder, ".bin");
  for (const name of list(bin)) if (!fs.existsSync(path.join(bin, name))) remove(path.join(bin, name));
  for (const name of list(folder)) {
    const empty = name === ".bin" || name.startsWith("@");
    if (!empty) continue;
    const below = path.join(folder, name), place = real(below);
    if (place === null || (within(place) && list(below).length === 0)) remove(below);
  }
};
for (const name of [".package-lock.json", ".modules.yaml", ".pnpm", ".pnpm-workspace-state-v1.json", ".cache"])
  remove(path.join("node_modules", name));
