using System.Globalization;
using System.Text.RegularExpressions;
using Drover.Cli.Configuration;
using Drover.Cli.Verbs;

namespace Drover.EndToEnd.Deploy;

/// <summary>What <c>deploy/</c> names is what the program has: settings and their values, command lines, ports.</summary>
public sealed partial class DeployTests
{
    [Fact]
    public void Every_variable_is_a_setting_and_every_value_a_good_one()
    {
        var variables = Variables().ToList();
        Assert.True(variables.Count > 25, "They are not found any more.");
        foreach (var (file, name, value) in variables)
        {
            var setting = Settings.All.SingleOrDefault(setting => setting.Name == name);
            Assert.True(setting is not null, $"{file}: there is no setting {name}");
            // A value that is filled in later cannot be looked at now.
            if (value is not null && !value.Contains('$', StringComparison.Ordinal))
                Assert.True(setting.Check(value) is null, $"{file}: {name}={value} {setting.Check(value)}");
        }
    }

    [Fact]
    public void Every_command_line_is_one_of_the_program()
    {
        var lines = CommandLines().ToList();
        Assert.True(lines.Count > 15, "They are not found any more.");
        foreach (var (file, words) in lines)
        {
            var parsed = Root.Make().Parse(words);
            Assert.True(Mistakes.In(parsed) is null, $"{file}: drover {string.Join(' ', words)}: {Mistakes.In(parsed)}");
            Assert.Contains(parsed.CommandResult.Command.Name, new[] { "up", "serve", "health" });
        }
    }

    [Fact]
    public void The_ports_are_those_of_the_image()
    {
        var image = DeployFiles.ImageEnvironment();
        var (api, queue) = (image["SERVER_ADDR"].TrimStart(':'), image["NETQUEUE_ADDR"].TrimStart(':'));
        Assert.Contains($"EXPOSE {api} {queue}", DeployFiles.DockerfileLines());
        var services = DeployFiles.Documents("compose.yaml")[0]["services"];
        Assert.EndsWith($":{api}", services["api"]["ports"][0].Text, StringComparison.Ordinal);
        Assert.Equal(queue, services["queue"]["expose"][0].Text);
        Assert.Equal([queue], ContainerPorts("kubernetes/queue.yaml"));
        Assert.Equal([api], ContainerPorts("kubernetes/api.yaml"));
        Assert.Contains($":{api}", DeployFiles.Text("prometheus/prometheus.yaml"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_has_longer_to_stop_than_its_jobs_have_to_finish()
    {
        var compose = DeployFiles.Documents("compose.yaml")[0]["services"]["worker"];
        Assert.True(Time(compose["stop_grace_period"].Text) > Time(compose["environment"]["WORKER_GRACEFUL_SHUTDOWN"].Text));

        var pod = Pods("kubernetes/worker.yaml").Single();
        var grace = pod["containers"][0]["env"].Items.Single(variable => variable["name"].Text == "WORKER_GRACEFUL_SHUTDOWN")["value"].Text;
        Assert.True(TimeSpan.FromSeconds(int.Parse(pod["terminationGracePeriodSeconds"].Text, CultureInfo.InvariantCulture)) > Time(grace));

        foreach (string unit in new[] { "systemd/drover.service", "systemd/drover-worker@.service" })
            Assert.True(Time(StopLimit().Match(DeployFiles.Text(unit)).Groups[1].Value) > Time(Settings.WorkerGrace.Default), unit);
    }

    [Fact]
    public void The_autoscalers_count_with_the_worker_s_slots()
    {
        string slots = Pods("kubernetes/worker.yaml").Single()["containers"][0]["env"].Items.Single(variable => variable["name"].Text == "WORKER_CONCURRENCY")["value"].Text;
        Assert.Equal(slots, DeployFiles.Documents("kubernetes/autoscale/keda.yaml")[0]["spec"]["triggers"][0]["metadata"]["threshold"].Text);
        Assert.Equal(slots, DeployFiles.Documents("kubernetes/autoscale/hpa.yaml")[0]["spec"]["metrics"][0]["external"]["target"]["averageValue"].Text);
    }

    private static IEnumerable<(string File, string Name, string? Value)> Variables()
    {
        foreach (var (name, value) in DeployFiles.ImageEnvironment().Where(pair => pair.Key != "HOME"))
            yield return ("Dockerfile", name, value);
        foreach (string file in new[] { "compose.yaml", "compose.postgres.yaml" })
        {
            foreach (var (service, content) in DeployFiles.Documents(file)[0]["services"].Pairs.Where(pair => pair.Key != "postgres"))
            {
                foreach (var (name, value) in content["environment"].Pairs)
                    yield return ($"{file}, {service}", name, value.Text);
            }
        }

        foreach (string file in DeployFiles.Yaml("kubernetes"))
        {
            foreach (var variable in Pods(file).SelectMany(pod => pod["containers"].Items).SelectMany(container => container["env"].Items))
                yield return (file, variable["name"].Text, variable["value"].Value as string);
        }

        foreach (string name in DeployFiles.Documents("kubernetes/secrets.example.yaml")[0]["stringData"].Pairs.Select(pair => pair.Key))
            yield return ("kubernetes/secrets.example.yaml", name, null);
        foreach (Match line in EnvironmentLine().Matches(DeployFiles.Text("systemd/drover.env.example")))
            yield return ("systemd/drover.env.example", line.Groups[1].Value, null);
        foreach (string unit in UnitFiles())
        {
            foreach (Match line in UnitEnvironment().Matches(File.ReadAllText(unit)))
                yield return (unit, line.Groups[1].Value, line.Groups[2].Value.Replace("%i", "1", StringComparison.Ordinal));
        }
    }

    private static IEnumerable<(string File, string[] Words)> CommandLines()
    {
        foreach (string line in DeployFiles.DockerfileLines().Where(line => line.Contains("CMD [", StringComparison.Ordinal)))
            yield return ("Dockerfile", WithoutProgram([.. QuotedWord().Matches(line).Select(word => word.Groups[1].Value)]));
        foreach (var (name, service) in DeployFiles.Documents("compose.yaml")[0]["services"].Pairs)
        {
            yield return ($"compose.yaml, {name}", service["command"].Texts);
            Assert.Equal("CMD", service["healthcheck"]["test"][0].Text);
            yield return ($"compose.yaml, {name}", WithoutProgram(service["healthcheck"]["test"].Texts[1..]));
        }

        foreach (string file in DeployFiles.Yaml("kubernetes"))
        {
            foreach (var container in Pods(file).SelectMany(pod => pod["containers"].Items))
            {
                yield return (file, container["args"].Texts);
                foreach (var command in container.All().Select(node => node["exec"]["command"]).Where(command => command.Exists && command[0].Text == "drover"))
                    yield return (file, command.Texts[1..]);
            }
        }

        foreach (string unit in UnitFiles())
        {
            string line = File.ReadLines(unit).Single(line => line.StartsWith("ExecStart=/opt/drover/drover ", StringComparison.Ordinal));
            yield return (unit, line.Split(' ')[1..]);
        }
    }

    private static string[] WithoutProgram(string[] words) => words[0] == "drover" ? words[1..] : words;

    private static IEnumerable<string> UnitFiles() => Directory.EnumerateFiles(Path.Combine(DeployFiles.Folder, "systemd"), "*.service");

    private static IEnumerable<Node> Pods(string file) => DeployFiles.Documents(file).Select(document => document["spec"]["template"]["spec"]).Where(pod => pod.Exists);

    private static IEnumerable<string> ContainerPorts(string file) =>
        Pods(file).SelectMany(pod => pod["containers"].Items).SelectMany(container => container["ports"].Items).Select(port => port["containerPort"].Text);

    private static TimeSpan Time(string text)
    {
        Assert.True(Units.TryDuration(text, out var duration), text);
        return duration;
    }

    [GeneratedRegex("\"([^\"]*)\"")]
    private static partial Regex QuotedWord();

    [GeneratedRegex("^#?([A-Z][A-Z_]+)=", RegexOptions.Multiline)]
    private static partial Regex EnvironmentLine();

    [GeneratedRegex("^Environment=([A-Z_]+)=(.*)$", RegexOptions.Multiline)]
    private static partial Regex UnitEnvironment();

    [GeneratedRegex("^TimeoutStopSec=(.*)$", RegexOptions.Multiline)]
    private static partial Regex StopLimit();
}
