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
        var values = new List<RedisValue>(1 + entries.Count * 2) { IdOf(id) };
        foreach (var entry in entries)
            values.AddRange([entry.Seq, Write(entry, entry.Attempt)]);
        await link.RunAsync(ImportOutputScript, [.. values], cancel);
    }

    private void Add(List<RedisValue> values, Job job)
    {
        bool byClock = JobImport.IsDueByClock(job);
        RedisValue due = job.RunAt is not { } at ? "" : byClock ? SharedClock.DueMicros(at) : clock.SteadyIn(at - time.GetUtcNow() is { Ticks: > 0 } left ? left : TimeSpan.Zero);
        var indexes = JobTest.IndexesOf(job.Spec);
        string line = StoredSpec.LineOf(job.Spec, job.Priority);
        values.AddRange([
            IdOf(job.Id), StoredSpec.Write(job.Id, StoredTime.Write(job.CreatedAt), indexes, line, job.Spec), StoredSpec.LargePayloadOf(job.Spec), Pack(job, line),
            byClock ? "t" : "d", due, job.FinishedAt is { } finished ? SharedClock.Micros(finished) : "", JobImport.HeldKey(job) is null ? "0" : "1", indexes.Count]);
        foreach (string index in indexes)
            values.Add(index);
        values.Add(2 * job.Attempts.Count);
        foreach (var attempt in job.Attempts)
            values.AddRange([attempt.Number < job.Attempt ? JobRecord.WritePast(attempt) : "", JobRecord.WriteOutcome(attempt.Outcome!)]);
    }

    /// <summary>The values that <c>prelude.lua</c> lists.</summary>
    private static byte[] Pack(Job job, string line)
    {
        var last = job.Attempts.Count == 0 ? null : job.Attempts[^1];
        return new PackedWriter().List(16).Number((int)job.Status).Text(line).Text(JobRules.StoredKeyOf(job.Spec) is { } key ? "=" + key : "")
            .Number(job.Attempt).Number(job.AttemptsUsed).Text(Write(JobImport.ReadyAt(job))).Text(Write(job.RunAt))
            .Text(Write(job.StartedAt)).Text(job.WorkerId ?? "").Text("").Text("")
            .Number(last?.Number ?? 0).Text(Write(last?.FinishedAt)).Text(Write(job.FinishedAt)).Text(Write(job.CancelRequestedAt))
            .Text(job.CanceledBy is { } by ? "=" + by : "").ToArray();

        static string Write(DateTimeOffset? time) => time is { } at ? StoredTime.Write(at) : "";
    }
}
