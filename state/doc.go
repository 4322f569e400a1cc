// Package state holds what operators remember: hash tables from keys to dense group numbers with the keys in columns,
// and the tables in which state enters and leaves a checkpoint.
//
// What enters: key columns of batches. What leaves: group numbers, and at a checkpoint the table's columns. Operators own their
// tables; nothing here locks.
package state
