// Package migrate fits the state of a checkpoint to a job that was changed since it was taken.
//
// What enters: a graph and a checkpoint. What leaves: for each operator what becomes of its state and why, as a [Report], and a checkpoint that the
// graph's operators can be restored from. engine/durable calls it before each restore, `millstream check` to say what a restore would do.
//
// What must hold: nothing is changed in the checkpoint that entered; a value is taken over as it is or, where the type has become wider, as the
// same value; where that cannot be, the report says so and there is no checkpoint, so that no job starts with a part of its state.
package migrate
