using System.Text;
using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;
using Drover.Tests.Support;

namespace Drover.Tests.Jobs;

public sealed class JobValidatorTests
{
    private static readonly FakeClock Clock = new();
    private static readonly JobSpec Task = Specs.Task();
    private static readonly JobSpec Command = Specs.Command();
    private static readonly JobSpec Script = new()
    {
        Kind = JobKind.Script,
        Shell = new() { ServerId = "s", ServerName = "s", Script = "echo" },
    };

    private static readonly Dictionary<string, (string Field, JobSpec Spec)> Wrong = new()
    {
        ["priority 0"] = ("priority", Task with { Priority = 0 }),
        ["priority 11"] = ("priority", Task with { Priority = 11 }),
        ["no attempts"] = ("max_attempts", Task with { MaxAttempts = 0 }),
        ["too many attempts"] = ("max_attempts", Task with { MaxAttempts = 1001 }),
        ["negative timeout"] = ("timeout", Task with { Timeout = TimeSpan.FromSeconds(-1) }),
        ["tiny timeout"] = ("timeout", Task with { Timeout = TimeSpan.FromTicks(1) }),
        ["endless timeout"] = ("timeout", Task with { Timeout = TimeSpan.MaxValue }),
        ["empty queue"] = ("queue", Task with { Queue = "" }),
        ["queue with a space"] = ("queue", Task with { Queue = "a b" }),
        ["queue with a star"] = ("queue", Task with { Queue = "*" }),
        ["queue that is too long"] = ("queue", Task with { Queue = new('q', 101) }),
        ["queue of other letters"] = ("queue", Task with { Queue = "straße" }),
        ["run_at and delay"] = ("delay", Task with { RunAt = Clock.GetUtcNow(), Delay = TimeSpan.FromSeconds(1) }),
        ["negative delay"] = ("delay", Task with { Delay = TimeSpan.FromSeconds(-1) }),
        ["endless delay"] = ("delay", Task with { Delay = TimeSpan.MaxValue }),
        ["run_at before 1970"] = ("run_at", Task with { RunAt = DateTimeOffset.MinValue }),
        ["run_at in 9999"] = ("run_at", Task with { RunAt = DateTimeOffset.MaxValue }),
        ["backoff of no kind"] = ("backoff.kind", Task with { Backoff = new() { Kind = (BackoffKind)9 } }),
        ["negative backoff"] = ("backoff.delay", Task with { Backoff = new() { Delay = TimeSpan.FromSeconds(-1) } }),
        ["endless backoff"] = ("backoff.max", Task with { Backoff = new() { Max = TimeSpan.MaxValue } }),
        ["backoff longer than its maximum"] = ("backoff.max", Task with { Backoff = new() { Delay = TimeSpan.FromHours(2) } }),
        ["jitter above 1"] = ("backoff.jitter", Task with { Backoff = new() { Jitter = 1.1 } }),
        ["jitter that is no number"] = ("backoff.jitter", Task with { Backoff = new() { Jitter = double.NaN } }),
        ["policy of no kind"] = ("on_worker_lost", Task with { OnWorkerLost = 0 }),
        ["name that is too long"] = ("name", Task with { Name = new('n', 201) }),
        ["empty name"] = ("name", Task with { Name = "" }),
        ["name of two lines"] = ("name", Task with { Name = "a\nb" }),
        ["name with half a character"] = ("name", Task with { Name = "a\uD83D" }),
        ["unique key with NUL"] = ("unique_key", Task with { UniqueKey = "a\0" }),
        ["33 tags"] = ("tags", Task with { Tags = [.. Enumerable.Range(0, 33).Select(n => $"t{n}")] }),
        ["empty tag"] = ("tags", Task with { Tags = [""] }),
        ["long tag"] = ("tags", Task with { Tags = [new('t', 101)] }),
        ["the same tag twice"] = ("tags", Task with { Tags = ["a", "a"] }),
        ["null tag"] = ("tags", Task with { Tags = [null!] }),
        ["label with a semicolon"] = ("worker_labels", Task with { WorkerLabels = ["a;b"] }),
        ["task without work"] = ("kind", Task with { Task = null }),
        ["task with a command"] = ("kind", Task with { Shell = Command.Shell }),
        ["command with a task"] = ("kind", Command with { Task = Task.Task }),
        ["no kind"] = ("kind", Task with { Kind = 0 }),
        ["empty type"] = ("job_type", With(Task.Task! with { JobType = "" })),
        ["type with a semicolon"] = ("job_type", With(Task.Task! with { JobType = "a;b" })),
        ["payload that is no JSON"] = ("payload", With(Task.Task! with { Payload = "{"u8.ToArray() })),
        ["payload of two values"] = ("payload", With(Task.Task! with { Payload = "1 2"u8.ToArray() })),
        ["payload that is no UTF-8"] = ("payload", With(Task.Task! with { Payload = new byte[] { (byte)'"', 0xFF, (byte)'"' } })),
        ["payload that is too deep"] = ("payload", With(Task.Task! with { Payload = Encoding.UTF8.GetBytes(new string('[', 100) + new string(']', 100)) })),
        ["payload that is too large"] = ("payload", With(Task.Task! with { Payload = new byte[JobRules.MaxPayloadBytes + 1] })),
        ["empty command"] = ("command", With(Command, s => s with { Command = " " })),
        ["command with NUL"] = ("command", With(Command, s => s with { Command = "a\0b" })),
        ["command and script"] = ("script", With(Command, s => s with { Script = "x" })),
        ["script and command"] = ("command", With(Script, s => s with { Command = "x" })),
        ["no script"] = ("script", With(Script, s => s with { Script = null })),
        ["script that is too large"] = ("script", With(Script, s => s with { Script = new('é', JobRules.MaxPayloadBytes / 2 + 1) })),
        ["no server"] = ("server_id", With(Command, s => s with { ServerId = "" })),
        ["args in both forms"] = ("args", With(Command, s => s with { Args = ["a"], ArgsText = "a" })),
        ["argument with NUL"] = ("args", With(Command, s => s with { Args = ["a\0"] })),
        ["arguments that are too large"] = ("args", With(Command, s => s with { Args = [new('a', JobRules.MaxPayloadBytes), "b"] })),
        ["variable without a name"] = ("env", With(Command, s => s with { Env = Env("", "v") })),
        ["variable named by a digit"] = ("env", With(Command, s => s with { Env = Env("1A", "v") })),
        ["variable named by a command"] = ("env", With(Command, s => s with { Env = Env("A=$(id)", "v") })),
        ["variable with NUL"] = ("env", With(Command, s => s with { Env = Env("A", "\0") })),
        ["variable that no program takes"] = ("env", With(Command, s => s with { Env = Env("A", new('v', 200_000)) })),
        ["257 variables"] = ("env", With(Command, s => s with { Env = Enumerable.Range(0, 257).ToDictionary(n => $"V{n}", _ => "") })),
        ["directory with NUL"] = ("working_dir", With(Command, s => s with { WorkingDir = "/a\0" })),
        ["empty directory"] = ("working_dir", With(Command, s => s with { WorkingDir = "" })),
        ["relative shell"] = ("shell", With(Command, s => s with { Shell = "bash" })),
        ["input that is too large"] = ("stdin", With(Command, s => s with { Stdin = new('i', JobRules.MaxPayloadBytes + 1) })),
    };

    public static TheoryData<string> Cases => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_spec_that_breaks_a_rule_is_refused_under_the_name_of_its_field(string what)
    {
        var (field, spec) = Wrong[what];
        var e = Assert.Throws<JobValidationException>(() => JobValidator.Validate(new EnqueueRequest(spec), Clock));
        Assert.Equal([field], e.Errors.Keys);
        Assert.All(e.Errors[field], reason => Assert.EndsWith(".", reason));
    }

    [Fact]
    public void In_a_batch_the_fields_say_which_job_and_every_fault_is_named()
    {
        var e = Assert.Throws<JobValidationException>(() => JobValidator.Validate(
            new EnqueueRequest([Task, Task with { Priority = 0, Queue = "" }, Command, With(Command, s => s with { Env = Env("1", "\0") })]), Clock));
        Assert.Equal(["jobs[1].priority", "jobs[1].queue", "jobs[3].env"], e.Errors.Keys.Order());
        Assert.Equal(2, e.Errors["jobs[3].env"].Length);
    }

    [Fact]
    public void A_batch_has_1_to_10000_jobs_and_its_errors_are_not_endless()
    {
        Assert.Equal(["jobs"], Errors([]));
        Assert.Equal(["jobs"], Errors([.. Enumerable.Repeat(Task, 10_001)]));
        Assert.InRange(Errors([.. Enumerable.Repeat(Task with { Priority = 0, Queue = "" }, 10_000)]).Count, 100, 102);
        JobValidator.Validate(new EnqueueRequest([.. Enumerable.Repeat(Task, 10_000)]), Clock);

        static List<string> Errors(List<JobSpec> jobs) =>
            [.. Assert.Throws<JobValidationException>(() => JobValidator.Validate(new EnqueueRequest(jobs), Clock)).Errors.Keys];
    }

    [Fact]
    public void What_keeps_the_rules_passes()
    {
        JobSpec[] good =
        [
            Task with { Priority = 1, Timeout = TimeSpan.Zero, MaxAttempts = 1000, Queue = "A.b_c-1", Delay = TimeSpan.Zero, Name = "Brief 📬", Tags = ["ü;|,"] },
            Task with { RunAt = Clock.GetUtcNow() - TimeSpan.FromDays(1), WorkerLabels = ["zone=b", "gpu"], UniqueKey = "k" },
            With(Task.Task! with { Payload = default }),
            With(Command, s => s with { Args = ["", "a\tb\nc", "\u0001", "'\"$(x)"], Env = Env("_A1", "any\nvalue ü"), WorkingDir = "/srv/with space", Shell = "/bin/bash" }),
            With(Command, s => s with { ArgsText = "-la *.txt | wc" }),
            With(Script, s => s with { Script = "#!/bin/sh\r\n\0binary", Stdin = "\0\0" }),
        ];
        JobValidator.Validate(new EnqueueRequest(good), Clock);
        Assert.Throws<JobValidationException>(() => JobValidator.Validate(new EnqueueRequest(good, IdempotencyKey: ""), Clock));
    }

    [Fact]
    public void A_change_keeps_the_same_rules()
    {
        JobValidator.Validate(new JobUpdate(10, Clock.GetUtcNow()), Clock);
        var e = Assert.Throws<JobValidationException>(() => JobValidator.Validate(new JobUpdate(0, DateTimeOffset.MaxValue), Clock));
        Assert.Equal(["priority", "run_at"], e.Errors.Keys.Order());
    }

    private static Dictionary<string, string> Env(string name, string value) => new() { [name] = value };

    private static JobSpec With(TaskWork work) => Task with { Task = work };

    private static JobSpec With(JobSpec spec, Func<ShellWork, ShellWork> change) => spec with { Shell = change(spec.Shell!) };
}
