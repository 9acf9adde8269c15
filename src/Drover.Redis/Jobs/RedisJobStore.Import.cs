using System.Text;
using Drover.Jobs;
using Drover.Output;
using Drover.Redis.Engine;
using Drover.Storage;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

internal sealed partial class RedisJobStore
{
    private static readonly string ImportScript = Link.Script("import");
    private static readonly string ImportOutputScript = Link.Script("importoutput");

    public async ValueTask ImportAsync(IReadOnlyList<Job> jobs, CancellationToken cancel = default)
    {
        Enter();
        JobImport.RefuseRunning(jobs);
        var values = new List<RedisValue>();
        foreach (var job in jobs)
            Add(values, job);
        await link.RunAsync(ImportScript, [.. values], cancel);
    }

    public async ValueTask ImportOutputAsync(Guid id, IReadOnlyList<OutputEntry> entries, CancellationToken cancel = default)
    {
        Enter();
        var values = new List<RedisValue>(1 + entries.Count * 2) { id.ToString("n") };
        foreach (var entry in entries)
            values.AddRange([entry.Seq, Write(entry, entry.Attempt)]);
        await link.RunAsync(ImportOutputScript, [.. values], cancel);
    }

    private void Add(List<RedisValue> values, Job job)
    {
        bool byClock = JobImport.IsDueByClock(job);
        var readyAt = JobImport.ReadyAt(job);
        RedisValue dueMicros = job.RunAt is not { } due ? "" : byClock ? DueMicros(due) : clock.SteadyIn(due - time.GetUtcNow() is { Ticks: > 0 } left ? left : TimeSpan.Zero);
        var fields = FieldsOf(job);
        var indexes = JobTest.IndexesOf(job.Spec).ToList();
        values.AddRange([
            job.Id.ToString("n"), job.Spec.Queue, JobRules.NeedsOf(job.Spec), JobRules.LimitKeyOf(job.Spec) ?? "", job.Priority,
            JobRules.StoredKeyOf(job.Spec) is { } key ? "=" + key : "", (int)job.Status, byClock ? "t" : "d", job.RunAt?.UtcTicks ?? 0, dueMicros,
            readyAt.UtcTicks, SharedClock.Micros(readyAt), job.FinishedAt is { } finished ? SharedClock.Micros(finished) : "", JobImport.HeldKey(job) is null ? "0" : "1",
            fields.Count]);
        foreach (var (name, value) in fields)
            values.AddRange([name, value]);
        values.Add(indexes.Count);
        foreach (string index in indexes)
            values.Add(index);
    }

    /// <summary>What the hash of the job has besides what the script makes.</summary>
    private static List<(string Name, RedisValue Value)> FieldsOf(Job job)
    {
        var fields = new List<(string, RedisValue)> { ("spec", SpecJson.Write(job.Spec)), ("cr", job.CreatedAt.UtcTicks), ("at", job.Attempt), ("used", job.AttemptsUsed) };
        if (job.Spec.Task is { Payload.IsEmpty: false } task)
            fields.Add(("pay", task.Payload.ToArray()));
        AddTime("due", job.RunAt);
        AddTime("sat", job.StartedAt);
        AddTime("fin", job.FinishedAt);
        AddTime("can", job.CancelRequestedAt);
        if (job.CanceledBy is { } by)
            fields.Add(("cby", by));
        if (job.WorkerId is { } worker)
            fields.Add(("w", worker));
        if (job.Outcome?.Error is { } error)
            fields.Add(("err", error));
        foreach (var attempt in job.Attempts)
        {
            fields.Add(($"a{attempt.Number}", $"{attempt.StartedAt.UtcTicks}\n{attempt.WorkerId}"));
            fields.Add(($"f{attempt.Number}", (byte[])[.. Encoding.ASCII.GetBytes($"{attempt.FinishedAt!.Value.UtcTicks}\n"), .. StoredOutcome.Write(attempt.Outcome!)]));
        }

        if (job.Attempts.Count > 0)
            fields.Add(("lo", job.Attempts[^1].Number));
        return fields;

        void AddTime(string name, DateTimeOffset? time)
        {
            if (time is { } at)
                fields.Add((name, at.UtcTicks));
        }
    }
}
