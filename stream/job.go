package stream

import (
	"fmt"
	"strconv"

	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// Job is a program under construction. Functions of this package add to it; [Job.Run] runs it. The first mistake
// made while building is kept and returned by Run.
type Job struct {
	graph    graph.Graph
	settings setting.Values
	progress func(Progress)
	err      error
}

// Option changes a job's settings.
type Option func(*Job)

// With sets a setting of the job, such as With("parallelism.default", "4"). It wins over configuration files and the
// environment. An unknown key or a bad value is reported by Run.
func With(key, value string) Option {
	return func(j *Job) {
		if err := j.settings.Set(key, value, "job option"); err != nil && j.err == nil {
			j.err = err
		}
	}
}

// NewJob starts a program. Its settings come from the configuration file (MILLSTREAM_CONF, or millstream.yaml in the working
// directory), then the environment (MILLSTREAM_*, AWS_*), then the options.
func NewJob(name string, options ...Option) *Job {
	j := &Job{graph: graph.Graph{Name: name}}
	j.settings, j.err = loadSettings()
	for _, o := range options {
		o(j)
	}
	return j
}

// fail keeps the first mistake.
func (j *Job) fail(format string, args ...any) {
	if j.err == nil {
		j.err = fmt.Errorf("job '"+j.graph.Name+"': "+format, args...)
	}
}

func (j *Job) add(name string, edge graph.Edge, parallelism int, make func() operator.Operator) *graph.Node {
	return j.addEdges(name, []graph.Edge{edge}, parallelism, make)
}

func (j *Job) addEdges(name string, edges []graph.Edge, parallelism int, make func() operator.Operator) *graph.Node {
	return j.graph.Add(&graph.Node{
		Name: name, UID: j.uid(name), Inputs: edges, Parallelism: parallelism,
		Op: &graph.Custom{New: func() any { return make() }},
	})
}

// uid names a node by its kind and how many of the kind came before it, so that nodes of other kinds can be added to a program
// without its state being lost.
func (j *Job) uid(name string) string {
	n := 0
	for _, node := range j.graph.Nodes {
		if node.Name == name {
			n++
		}
	}
	return name + "-" + strconv.Itoa(n)
}
