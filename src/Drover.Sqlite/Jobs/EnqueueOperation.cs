using System.Text.Json;
using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>Accepts jobs, all or none.</summary>
internal sealed class EnqueueOperation(JobEngine engine, EnqueueRequest request, CancellationToken cancel) : Operation<EnqueueResult>(cancel)
{
    public static readonly TimeSpan IdempotencyPeriod = TimeSpan.FromHours(24);

    // On the caller's thread.
    private readonly PreparedJob[] _prepared = [.. request.Jobs.Select(Prepare)];
    private readonly EnqueuedJob[] _answers = new EnqueuedJob[request.Jobs.Count];
    private readonly List<NewJob> _new = new(request.Jobs.Count);

    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        var now = engine.Time.GetUtcNow();
        if (request.IdempotencyKey is { } key)
        {
            if (engine.IsStagedKey("i:" + key))
                return StageResult.Conflicts;
            if (FirstAnswer(key, now) is { } first)
                return Answer(first);
        }

        if (_prepared.Any(job => JobRules.StoredKeyOf(job.Spec) is { } unique && engine.IsStagedKey("u:" + unique)))
            return StageResult.Conflicts;
        if (request.FirstId is { } firstId && engine.IsStagedId(firstId))
            return StageResult.Conflicts;
        RefuseFullQueues();
        RefuseTakenIds();
        engine.Writer.Begin();
        Write(now);
        if (_new.Count == 0 && request.IdempotencyKey is null)
            return Answer(new(_answers, Replayed: false));
        return StageResult.Waits;
    }

    public override void Apply()
    {
        var memory = engine.Memory;
        foreach (var job in _new)
        {
            var spec = job.Prepared.Spec;
            var status = job.DueAt is null ? JobStatus.Queued : JobStatus.Scheduled;
            memory.Columns.Add(job.Seq, new(job.Id), job.CreatedAt, job.Lane.Id, spec.Kind, spec.Priority, job.Tagset, status);
            if (JobRules.StoredKeyOf(spec) is { } key)
                memory.UniqueKeys[key] = job.Seq;
            memory.Recent.Add(job.Seq, job.Id, spec, job.Prepared.Json.Length + (spec.Task?.Payload.Length ?? 0));
            if (job.DueAt is not { } due)
            {
                job.Lane.Queue.Ready[spec.Priority - 1]++;
                memory.Ready.Append(job.Lane, spec.Priority, job.Seq);
                continue;
            }

            JobMemory.CountWaiting(job.Lane, status, 1);
            if (job.DueByClock)
                memory.Waiting.AddTime(job.Seq, due);
            else
                memory.Waiting.AddDelay(job.Seq, spec.Delay!.Value);
        }

        Answer(new(_answers, Replayed: false));
    }

    public static PreparedJob Prepare(JobSpec spec)
    {
        // The caller may use its payload's memory for something else.
        if (spec.Task is { Payload.IsEmpty: false } task)
            spec = spec with { Task = task with { Payload = task.Payload.ToArray() } };
        return new(spec, SpecJson.Write(spec), JobRules.NeedsOf(spec), JobRules.LimitKeyOf(spec), JobRules.SearchTextOf(spec));
    }

    private EnqueueResult? FirstAnswer(string key, DateTimeOffset now)
    {
        if (!engine.Rows.TryGetAnswer(key, out string? fingerprint, out long at, out byte[] answer) || now.UtcTicks - at >= IdempotencyPeriod.Ticks)
            return null;
        if (fingerprint != request.Fingerprint)
            throw new IdempotencyConflictException(key);
        var stored = JsonSerializer.Deserialize(answer, StoredJson.Default.StoredAnswer)!;
        return new([.. stored.Jobs.Select(j => new EnqueuedJob(j.Id, j.Status, j.Duplicate))], Replayed: true);
    }

    private void RefuseFullQueues()
    {
        if (engine.Options.MaxSize is not { } max)
            return;
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var group in _prepared.Select(p => p.Spec).Where(IsNew).GroupBy(spec => spec.Queue, StringComparer.Ordinal))
        {
            var queue = engine.Memory.Registry.QueueOf(group.Key);
            if (queue.Waiting + engine.StagedWaiting(queue) + group.Count() > max)
                throw new QueueFullException(group.Key, max);
        }

        bool IsNew(JobSpec spec) => JobRules.StoredKeyOf(spec) is not { } key || (!engine.Memory.UniqueKeys.ContainsKey(key) && keys.Add(key));
    }

    private void RefuseTakenIds()
    {
        if (request.FirstId is not { } first)
            return;
        var near = engine.Memory.Columns.FindIds(new JobKey(first).High, new JobKey(first).High);
        for (int n = 0; near.Count > 0 && n < _prepared.Length; n++)
        {
            if (engine.Find(JobId.Following(first, n)) is not null)
                throw new JobIdTakenException(JobId.Following(first, n));
        }
    }

    private void Write(DateTimeOffset now)
    {
        var batchKeys = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int at = 0; at < _prepared.Length; at++)
        {
            string? key = JobRules.StoredKeyOf(_prepared[at].Spec);
            if (key is not null && Present(key, batchKeys) is { } present)
                _answers[at] = present with { Duplicate = true };
            else
                _answers[at] = Write(_prepared[at], request.FirstId is { } first ? JobId.Following(first, at) : JobId.New(engine.Time), now);
            if (key is not null)
                batchKeys.TryAdd(key, at);
        }

        if (request.FirstId is { } chosen)
            engine.StageId(chosen);
        if (request.IdempotencyKey is not { } idempotencyKey)
            return;
        engine.StageKey("i:" + idempotencyKey);
        var answer = new StoredAnswer([.. _answers.Select(a => new StoredAnswerJob(a.Id, a.Status, a.Duplicate))]);
        engine.Rows.SetAnswer(idempotencyKey, request.Fingerprint, now.UtcTicks, JsonSerializer.SerializeToUtf8Bytes(answer, StoredJson.Default.StoredAnswer));
    }

    /// <summary>The unfinished job that has a unique key.</summary>
    private EnqueuedJob? Present(string key, Dictionary<string, int> batchKeys)
    {
        if (batchKeys.TryGetValue(key, out int at))
            return _answers[at];
        if (!engine.Memory.UniqueKeys.TryGetValue(key, out long seq) || !engine.Rows.TryGetHead(seq, out var head))
            return null;
        return new(head.Id, engine.Memory.Columns.StatusOf(seq), Duplicate: true);
    }

    private EnqueuedJob Write(PreparedJob prepared, Guid id, DateTimeOffset now)
    {
        var spec = prepared.Spec;
        var registry = engine.Memory.Registry;
        var lane = registry.LaneOf(spec.Queue, prepared.Needs, prepared.LimitKey);
        long? due = spec.Delay > TimeSpan.Zero ? (now + spec.Delay.Value).UtcTicks : spec.RunAt > now ? spec.RunAt.Value.UtcTicks : null;
        var job = new NewJob(
            prepared, engine.NextSeq(), id, now.UtcTicks, lane, registry.TagsetOf(spec.Tags), due, DueByClock: !(spec.Delay > TimeSpan.Zero));
        engine.Rows.InsertJob(job);
        engine.StageWaiting(lane.Queue);
        if (JobRules.StoredKeyOf(spec) is { } key)
            engine.StageKey("u:" + key);
        _new.Add(job);
        return new(job.Id, due is null ? JobStatus.Queued : JobStatus.Scheduled, Duplicate: false);
    }
}
