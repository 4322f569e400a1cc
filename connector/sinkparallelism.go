package connector

import (
	"errors"
	"strconv"
	"strings"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// SinkParallelismOption is for connectors whose sinks may have another parallelism than the job. The planner acts on it.
var SinkParallelismOption = &setting.Option{Key: "sink.parallelism", Type: setting.Int, DefaultDoc: "that of the job",
	Doc: "How many subtasks write. Rows are dealt to them in turn, or, if there are updates, by the primary key, which more than one subtask needs then.",
	Check: func(text string) error {
		if n, err := strconv.Atoi(text); err != nil || n < 1 {
			return errors.New("out of range: valid are integers from 1")
		}
		return nil
	}}

// SinkParallelism is how many subtasks the options of a table ask for, which its sink has checked; 0: as many as the job has.
func SinkParallelism(t graph.Table) int {
	n, err := strconv.Atoi(strings.TrimSpace(t.Options[SinkParallelismOption.Key]))
	if err != nil {
		return 0 // it is not given
	}
	return n
}
