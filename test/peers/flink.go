package peers

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// flinkStart limits each step of a start; 8 s in all are usual once the jars are in the page cache.
const flinkStart = 2 * time.Minute

// FlinkOptions say how Flink runs. The zero value is a cluster of two slots that stores on the local disk.
type FlinkOptions struct {
	// S3 is the store behind s3:// paths; checkpoints then go to its bucket "checkpoints", which is made.
	S3 *S3
	// Slots of the one TaskManager; 0 means 2.
	Slots int
	// Memory of the TaskManager's process; empty means 4g.
	Memory string
	// ExtraJars are put on the class path.
	ExtraJars []string
	// Config holds further keys of Flink's configuration and wins over what is set here.
	Config map[string]string
}

// FlinkCluster is a running JobManager with a TaskManager and an SQL Gateway.
type FlinkCluster struct {
	REST      string // of the JobManager, such as http://127.0.0.1:41234
	Gateway   string // the SQL Gateway's REST endpoint
	processes []*process
	dir       string // configuration, logs and data; removed by Close
}

// Flink returns a cluster that runs until the end of the test.
func Flink(t testing.TB, opts FlinkOptions) *FlinkCluster {
	t.Helper()
	cluster, err := StartFlink(context.Background(), opts)
	give(t, err)
	t.Cleanup(func() {
		if err := cluster.Close(); err != nil {
			t.Errorf("stopping Flink: %v", err)
		}
	})
	return cluster
}

// StartFlink is [Flink] for TestMain and for benchmarks' commands: an [Unavailable] error says that there is
// none. The context limits the start.
func StartFlink(ctx context.Context, opts FlinkOptions) (*FlinkCluster, error) {
	java, err := findJava("Apache Flink")
	if err != nil {
		return nil, err
	}
	distribution, err := InstallFlink(ctx)
	if err != nil {
		return nil, err
	}
	if opts.S3 != nil {
		if err := opts.S3.MakeBuckets(ctx, "checkpoints"); err != nil {
			return nil, err
		}
	}
	return retry(ctx, func() (*FlinkCluster, error) { return startFlink(ctx, java, distribution, opts) })
}

// Close ends all processes and removes what they stored. An error says that one had ended before.
func (c *FlinkCluster) Close() error {
	ended := make(chan error)
	for _, p := range c.processes {
		go func() { ended <- p.stop() }()
	}
	var err error
	for range c.processes {
		err = errors.Join(err, <-ended)
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}

// PeakMemory returns the largest resident sizes of all processes together, in bytes. It knows them on
// Linux only.
func (c *FlinkCluster) PeakMemory() (int64, error) {
	var sum int64
	for _, p := range c.processes {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
		if err != nil {
			return 0, fmt.Errorf("memory of Flink's %s: %w", p.name, err)
		}
		_, rest, found := bytes.Cut(text, []byte("VmHWM:"))
		fields := bytes.Fields(rest)
		if !found || len(fields) == 0 {
			return 0, fmt.Errorf("memory of Flink's %s: the kernel does not tell", p.name)
		}
		kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("memory of Flink's %s: %w", p.name, err)
		}
		sum += kib << 10
	}
	return sum, nil
}

// flinkRun is what the start of a cluster works with.
type flinkRun struct {
	java, distribution, dir string
	classPath               string
	opts                    FlinkOptions
	cluster                 *FlinkCluster
}

func startFlink(ctx context.Context, java, distribution string, opts FlinkOptions) (_ *FlinkCluster, err error) {
	opts.Slots, opts.Memory = cmp.Or(opts.Slots, 2), cmp.Or(opts.Memory, "4g")
	dir, err := os.MkdirTemp("", "millstream-flink-*")
	if err != nil {
		return nil, err
	}
	r := &flinkRun{java: java, distribution: distribution, dir: dir, opts: opts, cluster: &FlinkCluster{dir: dir}}
	defer func() {
		if err == nil {
			return
		}
		for _, p := range r.cluster.processes {
			err = errors.Join(err, p.end())
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	r.cluster.REST, r.cluster.Gateway = "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1]
	if err := r.configure(ports[0], ports[1], ports[2]); err != nil {
		return nil, fmt.Errorf("configure Flink: %w", err)
	}
	if err := r.launchAll(ctx); err != nil {
		return nil, err
	}
	jobManager, gateway := r.cluster.processes[0], r.cluster.processes[2]
	if err := jobManager.await(ctx, flinkStart, func(ctx context.Context) error {
		var overview struct {
			Slots int `json:"slots-total"`
		}
		if err := getJSON(ctx, r.cluster.REST+"/overview", &overview); err != nil {
			return err
		}
		if overview.Slots < opts.Slots {
			return fmt.Errorf("%d of %d slots are there", overview.Slots, opts.Slots)
		}
		return r.isOurs(ctx)
	}); err != nil {
		return nil, errors.Join(err, r.early())
	}
	if err := gateway.await(ctx, flinkStart, func(ctx context.Context) error {
		var info struct{ Version string }
		return getJSON(ctx, r.cluster.Gateway+"/v1/info", &info)
	}); err != nil {
		return nil, err
	}
	return r.cluster, r.early()
}

// isOurs tells this cluster from another test's that took the port in the meantime.
func (r *flinkRun) isOurs(ctx context.Context) error {
	var config []struct{ Key, Value string }
	if err := getJSON(ctx, r.cluster.REST+"/jobmanager/config", &config); err != nil {
		return err
	}
	for _, entry := range config {
		if entry.Key == "io.tmp.dirs" && strings.HasPrefix(entry.Value, r.dir) {
			return nil
		}
	}
	return errors.New("another cluster answers at " + r.cluster.REST)
}

// early describes the processes that ended while others were waited for.
func (r *flinkRun) early() error {
	var err error
	for _, p := range r.cluster.processes {
		select {
		case <-p.done:
			err = errors.Join(err, p.ended())
		default:
		}
	}
	return err
}

// opened are the parts of the Java runtime that Flink needs access to.
var opened = func() (flags []string) {
	for _, pkg := range []string{"java.rmi/sun.rmi.registry", "java.security.jgss/sun.security.krb5",
		"jdk.compiler/com.sun.tools.javac.api", "jdk.compiler/com.sun.tools.javac.file", "jdk.compiler/com.sun.tools.javac.parser",
		"jdk.compiler/com.sun.tools.javac.tree", "jdk.compiler/com.sun.tools.javac.util"} {
		flags = append(flags, "--add-exports="+pkg+"=ALL-UNNAMED")
	}
	for _, pkg := range []string{"java.io", "java.lang", "java.lang.reflect", "java.net", "java.nio", "java.text", "java.time",
		"java.util", "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks", "sun.nio.ch"} {
		flags = append(flags, "--add-opens=java.base/"+pkg+"=ALL-UNNAMED")
	}
	return flags
}()

const log4j = `rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = Console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %-5p %c - %m%n
`

// configure writes the configuration and sets the class path.
func (r *flinkRun) configure(restPort, gatewayPort, rpcPort string) error {
	const loopback = "127.0.0.1"
	config := map[string]string{
		"env.java.opts.all":                      strings.Join(opened, " "),
		"jobmanager.bind-host":                   loopback,
		"jobmanager.rpc.address":                 loopback,
		"jobmanager.rpc.port":                    rpcPort,
		"jobmanager.memory.process.size":         "1600m",
		"taskmanager.bind-host":                  loopback,
		"taskmanager.host":                       loopback,
		"taskmanager.numberOfTaskSlots":          strconv.Itoa(r.opts.Slots),
		"taskmanager.memory.process.size":        r.opts.Memory,
		"taskmanager.memory.managed.fraction":    "0.1",
		"rest.address":                           loopback,
		"rest.bind-address":                      loopback,
		"rest.port":                              restPort,
		"rest.bind-port":                         restPort,
		"io.tmp.dirs":                            filepath.Join(r.dir, "tmp"),
		"execution.checkpointing.dir":            "file://" + filepath.ToSlash(filepath.Join(r.dir, "checkpoints")),
		"execution.checkpointing.savepoint-dir":  "file://" + filepath.ToSlash(filepath.Join(r.dir, "savepoints")),
		"sql-gateway.endpoint.rest.address":      loopback,
		"sql-gateway.endpoint.rest.bind-address": loopback,
		"sql-gateway.endpoint.rest.port":         gatewayPort,
		"sql-gateway.endpoint.rest.bind-port":    gatewayPort,
	}
	if s3 := r.opts.S3; s3 != nil {
		maps.Copy(config, map[string]string{
			"s3.endpoint":                           s3.Endpoint,
			"s3.path.style.access":                  "true",
			"s3.access-key":                         s3.AccessKey,
			"s3.secret-key":                         s3.SecretKey,
			"execution.checkpointing.dir":           "s3://checkpoints/flink",
			"execution.checkpointing.savepoint-dir": "s3://checkpoints/flink-savepoints",
		})
	}
	maps.Copy(config, r.opts.Config)
	var yaml bytes.Buffer
	for _, key := range slices.Sorted(maps.Keys(config)) {
		value, err := json.Marshal(config[key]) // a JSON string is a YAML string
		if err != nil {
			return err
		}
		fmt.Fprintf(&yaml, "%s: %s\n", key, value)
	}
	for _, d := range []string{"conf", "tmp", "checkpoints", "savepoints"} {
		if err := os.MkdirAll(filepath.Join(r.dir, d), 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(r.dir, "conf", "config.yaml"), yaml.Bytes(), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.dir, "conf", "log4j.properties"), []byte(log4j), 0o644); err != nil {
		return err
	}
	jars, err := filepath.Glob(filepath.Join(r.distribution, "lib", "*.jar"))
	if err != nil {
		return err
	}
	r.classPath = strings.Join(slices.Concat(jars, r.opts.ExtraJars), string(os.PathListSeparator))
	return nil
}

// launchAll starts the three processes at the same time; they find each other.
func (r *flinkRun) launchAll(ctx context.Context) error {
	conf := filepath.Join(r.dir, "conf")
	for _, role := range []struct{ name, parameters, class string }{
		{"jobmanager", "GET_JM_RESOURCE_PARAMS", "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"},
		{"taskmanager", "GET_TM_RESOURCE_PARAMS", "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"},
	} {
		forJVM, forFlink, err := r.memoryParameters(ctx, role.parameters)
		if err != nil {
			return fmt.Errorf("size the memory of Flink's %s: %w", role.name, err)
		}
		args := slices.Concat(forJVM, []string{"-cp", r.classPath, role.class, "--configDir", conf}, forFlink)
		if err := r.launch(role.name, args); err != nil {
			return err
		}
	}
	gateways, err := filepath.Glob(filepath.Join(r.distribution, "opt", "flink-sql-gateway-*.jar"))
	if err != nil {
		return err
	}
	classPath := strings.Join(append(gateways, r.classPath), string(os.PathListSeparator))
	return r.launch("sql-gateway", []string{"-Xmx1g", "-cp", classPath, "org.apache.flink.table.gateway.SqlGateway"})
}

func (r *flinkRun) launch(name string, args []string) error {
	all := slices.Concat(opened, []string{"-Dlog4j.configurationFile=file:" + filepath.Join(r.dir, "conf", "log4j.properties")}, args)
	cmd := exec.Command(r.java, all...)
	cmd.Env = r.environment()
	p, err := launch(name, r.dir, cmd)
	if err != nil {
		return err
	}
	r.cluster.processes = append(r.cluster.processes, p)
	return nil
}

func (r *flinkRun) environment() []string {
	return append(environment("FLINK_", "HADOOP_", "AWS_"),
		"FLINK_CONF_DIR="+filepath.Join(r.dir, "conf"),
		"FLINK_PLUGINS_DIR="+filepath.Join(r.distribution, "plugins"),
		"FLINK_LIB_DIR="+filepath.Join(r.distribution, "lib"),
		"FLINK_OPT_DIR="+filepath.Join(r.distribution, "opt"))
}

// memoryParameters has Flink itself divide the memory of a process, as its start scripts do. It returns
// arguments for the Java runtime and for the main class.
func (r *flinkRun) memoryParameters(ctx context.Context, question string) (forJVM, forFlink []string, err error) {
	utils := filepath.Join(r.distribution, "bin", "bash-java-utils.jar")
	bin, lib := filepath.Join(r.distribution, "bin"), filepath.Join(r.distribution, "lib")
	cmd := exec.CommandContext(ctx, r.java, "-cp", utils+string(os.PathListSeparator)+r.classPath,
		"org.apache.flink.runtime.util.bash.BashJavaUtils", question,
		"--configDir", filepath.Join(r.dir, "conf"), "--bindir", bin, "--libdir", lib)
	cmd.Env = r.environment()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("%w\n%s", err, lastLines(stderr.Bytes()))
	}
	var answers [][]string
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if answer, ok := strings.CutPrefix(lines.Text(), "BASH_JAVA_UTILS_EXEC_RESULT:"); ok {
			answers = append(answers, strings.Fields(answer))
		}
	}
	if len(answers) != 2 {
		return nil, nil, fmt.Errorf("%d answers instead of 2 in\n%s", len(answers), lastLines(out))
	}
	return answers[0], answers[1], nil
}

var httpClient = &http.Client{Timeout: 2 * time.Minute}

// getJSON decodes the answer to a GET.
func getJSON(ctx context.Context, url string, into any) error {
	return call(ctx, http.MethodGet, url, nil, into)
}
