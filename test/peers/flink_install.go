package peers

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// FlinkVersion is the release that Millstream's answers are compared with.
const FlinkVersion = "2.3.0"

const hadoopVersion = "3.3.6" // that Flink's Parquet format is used with

// artifacts of Maven's central repository, beside what the Python package carries, by folder.
var artifacts = []struct{ folder, coordinates string }{
	{"plugins/s3-fs-hadoop", "org.apache.flink:flink-s3-fs-hadoop:" + FlinkVersion},
	{"lib", "org.apache.flink:flink-sql-parquet:" + FlinkVersion},
	{"lib", "org.apache.hadoop:hadoop-client-api:" + hadoopVersion},
	{"lib", "org.apache.hadoop:hadoop-client-runtime:" + hadoopVersion},
	{"opt", "org.apache.flink:flink-sql-gateway:" + FlinkVersion},
	{"opt", "org.apache.flink:flink-sql-client:" + FlinkVersion},
}

// InstallFlink downloads Flink unless it is there, and returns the distribution's directory, which has
// lib, opt and plugins. It is put together from the package apache-flink-libraries of PyPI and from Maven's
// central repository, which machines without access to Apache's mirrors reach by their own proxies.
// MILLSTREAM_FLINK may name the directory of another distribution.
func InstallFlink(ctx context.Context) (string, error) {
	if dir := os.Getenv("MILLSTREAM_FLINK"); dir != "" && dir != "1" {
		if jars, err := filepath.Glob(filepath.Join(dir, "lib", "flink-dist-*.jar")); err != nil || len(jars) == 0 {
			return "", fmt.Errorf("MILLSTREAM_FLINK is %q, where there is no lib/flink-dist-*.jar: set it to the directory of a Flink distribution, or to 1", dir)
		}
		return filepath.Abs(dir)
	}
	distribution := func(cache string) string { return filepath.Join(cache, "flink-"+FlinkVersion) }
	complete := func(cache string) string { return filepath.Join(distribution(cache), ".complete") }
	have := func(cache string) bool {
		_, err := os.Stat(complete(cache))
		return err == nil
	}
	cache, err := install("Apache Flink", have, func(cache string) error {
		if err := os.RemoveAll(distribution(cache)); err != nil {
			return err
		}
		if err := downloadFlink(ctx, filepath.Join(cache, "dl"), distribution(cache)); err != nil {
			return err
		}
		return os.WriteFile(complete(cache), nil, 0o644)
	})
	return distribution(cache), err
}

func downloadFlink(ctx context.Context, downloads, distribution string) error {
	for _, dir := range []string{downloads, distribution} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := run(ctx, "python3", "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check",
		"-d", downloads, "apache-flink-libraries=="+FlinkVersion); err != nil {
		return err
	}
	wheels, err := filepath.Glob(filepath.Join(downloads, "apache_flink_libraries-"+FlinkVersion+"-*.whl"))
	if err != nil {
		return err
	}
	if len(wheels) == 0 {
		return fmt.Errorf("pip left no apache_flink_libraries-%s-*.whl in %s", FlinkVersion, downloads)
	}
	if err := unpackWheel(wheels[0], distribution); err != nil {
		return fmt.Errorf("unpack %s: %w", wheels[0], err)
	}
	for _, a := range artifacts {
		if err := run(ctx, "mvn", "-q", "-B", "dependency:copy", "-Dartifact="+a.coordinates,
			"-DoutputDirectory="+filepath.Join(distribution, a.folder), "-Dmdep.useBaseVersion=true"); err != nil {
			return err
		}
	}
	return os.RemoveAll(downloads)
}

// unpackWheel writes the folders of a distribution that the Python package has below pyflink.
func unpackWheel(wheel, distribution string) error {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return err
	}
	defer archive.Close()
	folders := []string{"bin", "lib", "licenses", "opt", "plugins"}
	for _, file := range archive.File {
		name, inside := strings.CutPrefix(file.Name, "pyflink/")
		folder, _, nested := strings.Cut(name, "/")
		if !inside || !nested || !slices.Contains(folders, folder) || file.FileInfo().IsDir() {
			continue
		}
		if !fs.ValidPath(name) {
			return fmt.Errorf("the name %q leads out of the archive", file.Name)
		}
		if err := unpackFile(file, filepath.Join(distribution, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	return nil
}

func unpackFile(file *zip.File, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	in, err := file.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// run runs a program that installs something.
func run(ctx context.Context, program string, args ...string) error {
	text, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, lastLines(text))
	}
	return nil
}

// findJava returns the java command, of JAVA_HOME if that is set, for a peer that needs one.
func findJava(peer string) (string, error) {
	java := "java"
	if home := os.Getenv("JAVA_HOME"); home != "" {
		java = filepath.Join(home, "bin", "java")
	}
	path, err := exec.LookPath(java)
	if err != nil {
		return "", &Unavailable{Peer: peer, Reason: fmt.Errorf("no Java runtime: %w", err)}
	}
	return path, nil
}
