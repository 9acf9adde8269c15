using System.Buffers.Binary;
using System.Text.Json;
using Drover.Brokers;
using Drover.Jobs;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Batches;
using Drover.Server.Contracts;
using Drover.Server.Http;
using Drover.Server.Json;
using Drover.Server.Problems;
using Drover.Server.Servers;
using Drover.Storage;

namespace Drover.Server.Jobs;

/// <summary>Takes jobs in: from requests, or again from jobs that were there.</summary>
internal sealed class JobSubmission(IBroker broker, ServerCatalog servers, ServerOptions options, AuditTrail audit, TimeProvider time)
{
    /// <summary>Accepts one job.</summary>
    public async ValueTask<Submitted> SubmitAsync(JobRequest request, HttpContext context)
    {
        var errors = new Errors();
        var builder = new SpecBuilder(await servers.AllAsync(context.RequestAborted), options, errors, context.Caller().Name);
        var spec = builder.Build(request with { Then = null });
        var next = request.Then is { } then ? BuildAll(then, "then", JobRules.MaxBatch - 1, builder, errors) : [];
        errors.ThrowIfAny();
        var idempotency = FingerprintOf(request, context);
        if (next.Count == 0)
            return await SubmitAsync(spec!, idempotency, context, "job.create");
        var chain = JobGroups.Chain([spec!, .. next], AfterOutcome.Success, time) with { IdempotencyKey = idempotency?.Key, Fingerprint = idempotency?.Digest };
        var result = await BrokerErrors.RenamedAsync(() => broker.EnqueueAsync(chain, context.RequestAborted), n => n == 0 ? "" : $"then[{n - 1}].");
        var submitted = await AnswerAsync(chain.Jobs[0], result, context, "job.create_chain");
        return submitted with { Job = submitted.Job with { Then = [.. result.Jobs.Skip(1).Select(j => j.Id)] } };
    }

    /// <summary>Accepts one job whose spec is at hand.</summary>
    public async ValueTask<Submitted> SubmitAsync(JobSpec spec, (string Key, string Digest)? idempotency, HttpContext context, string action) =>
        await AnswerAsync(spec, await broker.EnqueueAsync(new EnqueueRequest([spec], idempotency?.Key, idempotency?.Digest), context.RequestAborted), context, action);

    private async ValueTask<Submitted> AnswerAsync(JobSpec spec, EnqueueResult result, HttpContext context, string action)
    {
        var job = result.Jobs[0];
        if (!job.Duplicate && !result.Replayed)
            await audit.RecordAsync(context.Caller(), action, job.Id.ToString(), spec.OriginId is { } origin ? $"from {origin}" : null);
        if (!job.Duplicate && !result.Replayed)
            return new(JobViews.Full(JustAccepted(spec, job)), Duplicate: false);
        var present = (await broker.GetAsync([job.Id], context.RequestAborted))[0];
        return new(JobViews.Full(present ?? JustAccepted(spec, job)), job.Duplicate);
    }

    /// <summary>Accepts many jobs, all or none.</summary>
    public async ValueTask<JobBulkResponse> SubmitManyAsync(JobBulkRequest request, HttpContext context)
    {
        var errors = new Errors();
        var builder = new SpecBuilder(await servers.AllAsync(context.RequestAborted), options, errors, context.Caller().Name);
        var specs = request.Jobs is { } jobs ? List(request, jobs, builder, errors) : FanOut(request, builder, errors, await servers.AllAsync(context.RequestAborted));
        errors.ThrowIfAny();
        var idempotency = FingerprintOf(request, context);
        var result = await broker.EnqueueAsync(new EnqueueRequest(specs, idempotency?.Key, idempotency?.Digest), context.RequestAborted);
        if (!result.Replayed)
            await audit.RecordAsync(context.Caller(), "job.create_many", result.Jobs[0].Id.ToString(), $"{result.Jobs.Count(j => !j.Duplicate)} jobs");
        return new() { Ids = [.. result.Jobs.Select(j => j.Id)], Jobs = Items(specs, result.Jobs) };
    }

    /// <summary>Accepts a batch, all of it or none.</summary>
    public async ValueTask<BatchResponse> SubmitBatchAsync(BatchRequest request, HttpContext context)
    {
        var errors = new Errors();
        var builder = new SpecBuilder(await servers.AllAsync(context.RequestAborted), options, errors, context.Caller().Name);
        int before = request.Completion is null ? 0 : 1;
        var specs = BuildAll(request.Jobs ?? [], "jobs", JobRules.MaxBatch - before, builder, errors);
        errors.Prefix = "completion.";
        var completion = request.Completion is null ? null : builder.Build(request.Completion);
        if (request.Completion?.UniqueKey is not null)
            errors.Add("unique_key", "The job that follows a batch has none.");
        if (request.Completion?.After is not null)
            errors.Add("after", "It waits for the batch.");
        errors.Prefix = "";
        errors.ThrowIfAny();
        Guid id = JobId.New(time);
        var idempotency = Idempotency.KeyOf(context) is { } key
            ? (Key: key, Digest: Idempotency.Fingerprint(context.Request.Path, JsonSerializer.SerializeToUtf8Bytes(request, DroverJson.Api.BatchRequest))) : default((string Key, string Digest)?);
        var batch = JobGroups.Batch(id, specs, completion, request.On ?? AfterOutcome.Success) with { IdempotencyKey = idempotency?.Key, Fingerprint = idempotency?.Digest };
        var result = await BrokerErrors.RenamedAsync(
            () => broker.EnqueueAsync(batch, context.RequestAborted), n => n < before ? "completion." : $"jobs[{n - before}].");
        var jobs = result.Jobs.Skip(before).ToList();
        if (result.Replayed && jobs.Find(j => !j.Duplicate) is { Id: var any } && any != default)
            id = (await broker.GetAsync([any], context.RequestAborted))[0]?.Spec.BatchId ?? id;
        if (!result.Replayed)
            await audit.RecordAsync(context.Caller(), "batch.create", id.ToString(), $"{jobs.Count(j => !j.Duplicate)} jobs");
        var last = before == 0 ? null : (await broker.GetAsync([result.Jobs[0].Id], context.RequestAborted))[0];
        return BatchEndpoints.View(id, await broker.CountAsync(new() { OriginId = id }, context.RequestAborted), last) with { Jobs = Items(specs, jobs) };
    }

    private static IReadOnlyList<JobBulkItem> Items(List<JobSpec> specs, IReadOnlyList<EnqueuedJob> jobs) => [.. jobs.Select((job, i) => new JobBulkItem
    {
        Id = job.Id,
        Status = job.Status,
        Duplicate = job.Duplicate,
        ServerId = specs[i].Shell?.ServerId,
        ServerName = specs[i].Shell?.ServerName,
    })];

    /// <summary>The call's idempotency key with a digest of what was asked; null when it has none.</summary>
    public static (string Key, string Digest)? FingerprintOf(JobRequest request, HttpContext context)
    {
        if (Idempotency.KeyOf(context) is not { } key)
            return null;
        byte[] body = request is JobBulkRequest bulk
            ? JsonSerializer.SerializeToUtf8Bytes(bulk, DroverJson.Api.JobBulkRequest)
            : JsonSerializer.SerializeToUtf8Bytes(request, DroverJson.Api.JobRequest);
        return (key, Idempotency.Fingerprint(context.Request.Path, body));
    }

    private static List<JobSpec> List(JobBulkRequest request, IReadOnlyList<JobRequest> jobs, SpecBuilder builder, Errors errors)
    {
        if (request with { Jobs = null } != new JobBulkRequest())
            errors.Add("jobs", "Stands alone: give either jobs, or one job's fields with server_ids or server_tags.");
        return BuildAll(jobs, "jobs", JobRules.MaxBatch, builder, errors);
    }

    private static List<JobSpec> BuildAll(IReadOnlyList<JobRequest> jobs, string field, int most, SpecBuilder builder, Errors errors)
    {
        if (jobs.Count is 0 || jobs.Count > most)
            errors.Add(field, $"Must hold 1 to {most} jobs.");
        var specs = new List<JobSpec>(jobs.Count);
        for (int i = 0; i < jobs.Count && i < most && !errors.IsFull; i++)
        {
            if (jobs[i] is null)
            {
                errors.Prefix = "";
                errors.Add($"{field}[{i}]", "A job must not be null.");
                continue;
            }

            // The broker names the fields of a single job without an index; one way for both is easier to read.
            errors.Prefix = $"{field}[{i}].";
            if (builder.Build(jobs[i]) is { } spec)
                specs.Add(spec);
        }

        errors.Prefix = "";
        return specs;
    }

    private static List<JobSpec> FanOut(JobBulkRequest request, SpecBuilder builder, Errors errors, ServerSet all)
    {
        var targets = new List<ServerEntry>();
        if (request.ServerId is not null)
            errors.Add("server_id", "Cannot be given together with server_ids or server_tags.");
        if (request.ServerIds is null && request.ServerTags is null)
            errors.Add("jobs", "Give jobs, or one job's fields with server_ids or server_tags.");
        foreach (string id in request.ServerIds ?? [])
        {
            if (builder.FindServer(id ?? "", "server_ids") is { } server && !targets.Contains(server))
                targets.Add(server);
        }

        if (request.ServerTags is { } tags)
        {
            targets.AddRange(all.All.Where(s => s.Record.IsActive && s.Record.Tags.Any(tags.Contains) && !targets.Contains(s)));
            if (targets.Count == 0)
                errors.Add("server_tags", "No active server has one of these tags.");
        }
        else if (request.ServerIds is { Count: 0 })
        {
            errors.Add("server_ids", "Must name at least one server.");
        }

        if (targets.Count == 0)
            return [];
        if (request.JobType is not null)
            errors.Add("job_type", "Tasks run on no server; send them as jobs.");
        return builder.Build(request with { ServerId = null }, targets[0]) is not { } first ? []
            : [.. targets.Select(t => first with { Shell = first.Shell! with { ServerId = t.Id, ServerName = t.Name } })];
    }

    /// <summary>A job as it is right after it was accepted: what the store would say, without asking it again.</summary>
    private static Job JustAccepted(JobSpec spec, EnqueuedJob job)
    {
        var createdAt = TimeOf(job.Id);
        return new()
        {
            Id = job.Id,
            Seq = 0,
            Spec = spec,
            Status = job.Status,
            Priority = spec.Priority,
            CreatedAt = createdAt,
            RunAt = job.Status == JobStatus.Scheduled ? spec.After is null ? spec.RunAt ?? createdAt + spec.Delay : null : null,
        };
    }

    private static DateTimeOffset TimeOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16);
    }
}

/// <summary>A job that was asked for.</summary>
/// <param name="Job">It, or the one that was there already.</param>
/// <param name="Duplicate">Whether it was there already.</param>
internal readonly record struct Submitted(JobResponse Job, bool Duplicate);
