// Package console is what the console at /console is made of: its files, and what
// it is told about the environment beyond the doors that every client has. Who may
// ask is decided by a door's guard.
package console
