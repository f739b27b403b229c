// main.cpp: the roof: builds the command line, runs one command, turns an Error into an exit code.
// SPDX-License-Identifier: Apache-2.0
int main() { return 0; }
