using Drover.Jobs;

namespace Drover.StoreTests.Support;

/// <summary>Random specs and filters that meet each other often.</summary>
public sealed class RandomJobs(Random random)
{
    private static readonly string[] Words = ["backup", "Deploy", "100%", "a_b", "back\\slash", "it's", "x"];
    private static readonly string[] Queues = ["default", "mail", "Mail"];
    private static readonly string[] Servers = ["srv-1", "srv-2"];
    private static readonly string[] Types = ["echo", "send"];
    private static readonly string[] Tags = ["red", "blue", "Blue", "re"];

    public static Guid Origin { get; } = new("0198c0de-0000-7000-8000-000000000001");

    public JobSpec Spec()
    {
        var spec = random.Next(3) switch
        {
            0 => Make.Task(One(Types)),
            1 => Make.Command(Text(), One(Servers)),
            _ => Make.Script("#!/bin/sh\n" + Text(), One(Servers)),
        };
        if (spec.Kind == JobKind.Command && Chance(2))
            spec = spec with { Shell = Chance(2) ? spec.Shell! with { ArgsText = Text() } : spec.Shell! with { Args = [Text(), Text()] } };
        return spec with
        {
            Name = Chance(2) ? Text() : null,
            Queue = One(Queues),
            Priority = random.Next(1, 11),
            MaxAttempts = random.Next(1, 3),
            Tags = [.. Tags.Where(_ => Chance(3))],
            Delay = Chance(5) ? TimeSpan.FromSeconds(random.Next(1, 1000)) : null,
            OriginId = Chance(5) ? Origin : null,
        };
    }

    public AttemptOutcome Outcome() => random.Next(5) switch
    {
        0 => AttemptOutcome.Failure(FailureReasons.ConnectFailed, Text()),
        1 => Make.Failed with { RetryIn = TimeSpan.FromSeconds(random.Next(0, 100)) },
        2 => Make.HandedBack with { RetryIn = Chance(2) ? TimeSpan.FromSeconds(random.Next(1, 100)) : null },
        3 => Make.Canceled,
        _ => Make.Completed,
    };

    /// <summary>Every condition alone.</summary>
    public IEnumerable<JobFilter> EachAlone(IReadOnlyList<Job> jobs)
    {
        foreach (var status in Enum.GetValues<JobStatus>())
            yield return new() { Statuses = [status] };
        yield return new() { Statuses = [JobStatus.Failed, JobStatus.Queued, JobStatus.Canceled] };
        foreach (string server in Servers.Append("none"))
            yield return new() { ServerId = server };
        foreach (string queue in Queues.Append("none"))
            yield return new() { Queue = queue };
        foreach (var kind in Enum.GetValues<JobKind>())
            yield return new() { Kind = kind };
        foreach (string type in Types.Append("none"))
            yield return new() { JobType = type };
        foreach (string tag in Tags.Append("none"))
            yield return new() { Tag = tag };
        for (int priority = 1; priority <= 10; priority++)
            yield return new() { Priority = priority };
        foreach (string word in Words.Concat(["DEPLOY", "backup x", "%", "_", "\\", "exited with", "nowhere", ""]))
            yield return new() { Text = word };
        string id = jobs[random.Next(jobs.Count)].Id.ToString();
        yield return new() { Text = id };
        yield return new() { Text = id[..9].ToUpperInvariant() };
        yield return new() { CreatedAfter = jobs[jobs.Count / 3].CreatedAt };
        yield return new() { CreatedBefore = jobs[jobs.Count / 3].CreatedAt };
        yield return new() { OriginId = Origin };
    }

    /// <summary>Several conditions together.</summary>
    public JobFilter Combined(IReadOnlyList<Job> jobs) => new()
    {
        Statuses = Chance(2) ? [.. Enum.GetValues<JobStatus>().Where(_ => Chance(2))] : [],
        ServerId = Chance(5) ? One(Servers) : null,
        Queue = Chance(3) ? One(Queues) : null,
        Kind = Chance(5) ? (JobKind)random.Next(1, 4) : null,
        JobType = Chance(6) ? One(Types) : null,
        Tag = Chance(4) ? One(Tags) : null,
        Priority = Chance(6) ? random.Next(1, 11) : null,
        CreatedAfter = Chance(4) ? jobs[random.Next(jobs.Count / 2)].CreatedAt : null,
        CreatedBefore = Chance(4) ? jobs[^(1 + random.Next(jobs.Count / 2))].CreatedAt : null,
        Text = Chance(3) ? One(Words) : null,
        OriginId = Chance(8) ? Origin : null,
    };

    public bool Chance(int oneIn) => random.Next(oneIn) == 0;

    private string Text() => $"{One(Words)} {One(Words)}";

    private string One(string[] from) => from[random.Next(from.Length)];
}
