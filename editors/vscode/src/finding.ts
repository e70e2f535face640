// Where the `nel-advisor` command is.

import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

const NAME = "nel-advisor";
const ENVIRONMENTS = [".venv", "venv"];

export interface Place {
  /** What the settings say; "" for nothing. */
  readonly setting: string;
  /** Folders of the workspace, as far as they are trusted. */
  readonly folders: readonly string[];
  /** The PATH variable. */
  readonly path: string;
}

/** The command by the settings, then by the workspace's virtual environments, then by PATH; undefined where there is none. */
export function findCommand(place: Place): string | undefined {
  if (place.setting !== "") {
    return candidatesOfSetting(place).find(isExecutable);
  }
  const inFolders = place.folders.flatMap((folder) => ENVIRONMENTS.map((name) => join(folder, name, "bin", NAME)));
  return [...inFolders, ...onPath(place.path, NAME)].find(isExecutable);
}

function candidatesOfSetting({ setting, folders, path }: Place): string[] {
  const expanded = setting.startsWith("~/") ? join(homedir(), setting.slice(2)) : setting;
  if (isAbsolute(expanded)) {
    return [expanded];
  }
  return expanded.includes("/") ? folders.map((folder) => join(folder, expanded)) : onPath(path, expanded);
}

function onPath(path: string, name: string): string[] {
  // An entry that is not absolute would mean whatever folder the editor was started in.
  return path
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, name));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
