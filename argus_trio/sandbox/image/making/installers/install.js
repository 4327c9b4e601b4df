// Installs npm packages into the image that it runs in; for any Node 18 with npm. See the map of this room.
"use strict";
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const WORK = "/var/tmp/argus-install"; // nobody else is in this container; /tmp has no room, and runs nothing
const order = JSON.parse(process.argv[1]);

function fail(text) {
  fs.writeSync(2, `ERROR: ${text}\n`);
  process.exit(1);
}

function npm(args, stdout) {
  const done = spawnSync("npm", args, { stdio: ["ignore", stdout, 2], maxBuffer: 64 << 20 });
  if (done.error && done.error.code === "ENOENT") {
    fail("the base image has no npm: name one with container.base_image, such as node:22-slim");
  }
  if (done.error) fail(`npm cannot be run: ${done.error.message}`);
  return done;
}

// The folders of packages in a node_modules, scoped ones included.
function packagesIn(root) {
  const found = [];
  for (const name of fs.existsSync(root) ? fs.readdirSync(root) : []) {
    if (name.startsWith(".")) continue;
    if (!name.startsWith("@")) found.push(name);
    else for (const inner of fs.readdirSync(path.join(root, name))) found.push(`${name}/${inner}`);
  }
  return found;
}

// The program of a package: its only one, else the one that is named like the package without its scope.
function programOf(root, name) {
  const manifest = JSON.parse(fs.readFileSync(path.join(root, name, "package.json"), "utf8"));
  const plain = manifest.name.replace(/^@[^/]+\//, "");
  const bin = typeof manifest.bin === "string" ? { [plain]: manifest.bin } : manifest.bin || {};
  const names = Object.keys(bin);
  if (names.length === 0) fail(`the package ${manifest.name} has no program to run`);
  const isOne = new Set(Object.values(bin)).size === 1;
  const chosen = isOne ? names[0] : names.find((each) => each === plain);
  if (chosen === undefined) {
    fail(`the package ${manifest.name} has several programs, name one: ${names.sort().join(", ")}`);
  }
  return path.join(root, name, bin[chosen]);
}

function nameOf(spec) {
  const match = /^((?:@[\w.~-]+\/)?[\w.~-]+)(?:@|$)/.exec(spec);
  return match === null ? undefined : match[1];
}

function versionsOf(tree, found) {
  for (const [name, each] of Object.entries(tree.dependencies || {})) {
    if (each.version !== undefined && found[name] === undefined) found[name] = each.version;
  }
  for (const each of Object.values(tree.dependencies || {})) versionsOf(each, found);
  return found;
}

fs.mkdirSync(WORK, { recursive: true });
Object.assign(process.env, {
  TMPDIR: WORK,
  npm_config_cache: path.join(WORK, "cache"),
  npm_config_update_notifier: "false",
});
const root = npm(["root", "-g"], "pipe").stdout.toString().trim();
const before = new Set(packagesIn(root));
const installed = npm([...order.options, "--", ...order.packages], 2);
fs.rmSync(WORK, { recursive: true, force: true });
if (installed.status !== 0) process.exit(installed.status || 1);
let program = "";
if (order.link) {
  const after = packagesIn(root);
  const spoken = nameOf(order.packages[0]);
  const added = after.filter((name) => !before.has(name));
  const name = after.includes(spoken) ? spoken : added.length === 1 ? added[0] : undefined;
  if (name === undefined) fail("it cannot be told which of the packages is to be run: put its name first");
  program = programOf(root, name);
  fs.rmSync(order.link, { force: true });
  fs.mkdirSync(path.dirname(order.link), { recursive: true });
  fs.symlinkSync(program, order.link);
}
const listed = npm(["ls", "-g", "--all", "--json"], "pipe").stdout.toString();
fs.rmSync(WORK, { recursive: true, force: true });
const tree = JSON.parse(listed || "{}");
for (const name of before) delete (tree.dependencies || {})[name]; // npm itself, and what else the base has
const versions = versionsOf(tree, {});
fs.writeSync(1, JSON.stringify({ versions, program }) + "\n");
