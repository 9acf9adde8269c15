using Drover.Jobs;
using Drover.Storage;

namespace Drover.Hosting;

/// <summary>Requests that are written down now and accepted later: their ids are chosen and their rules looked at when they are made.</summary>
internal static class KeptRequest
{
    public static EnqueueRequest Of<TJob>(IJobClient jobs, IReadOnlyList<TJob> payloads, JobOptions? options)
    {
        var client = ClientOf(jobs);
        using var activity = Tracing.StartEnqueue(typeof(TJob).Name);
        return Checked(client, new([.. payloads.Select(job => client.SpecOf(job, options))]) { FirstId = JobId.New(client.Time) });
    }

    public static EnqueueRequest Of(IJobClient jobs, JobChain chain)
    {
        var client = ClientOf(jobs);
        using var activity = Tracing.StartEnqueue("chain");
        return Checked(client, JobGroups.Chain(chain.Build(client), AfterOutcome.Success, client.Time));
    }

    public static (EnqueueRequest Request, Guid Batch) Of(IJobClient jobs, JobBatch batch)
    {
        if (batch.Count == 0)
            throw new ArgumentException("A batch must hold at least one job.", nameof(batch));
        var client = ClientOf(jobs);
        using var activity = Tracing.StartEnqueue("batch");
        var id = JobId.New(client.Time);
        return (Checked(client, batch.Build(id, client)), id);
    }

    /// <summary>The ids that the jobs will have.</summary>
    public static IReadOnlyList<Guid> IdsOf(EnqueueRequest request) =>
        [.. Enumerable.Range(0, request.Jobs.Count).Select(n => JobId.Following(request.FirstId!.Value, n))];

    public static JobClient ClientOf(IJobClient jobs) => jobs as JobClient
        ?? throw new ArgumentException($"Only the client that AddDrover makes can enqueue in a transaction, not {jobs.GetType().Name}.", nameof(jobs));

    private static EnqueueRequest Checked(JobClient client, EnqueueRequest request)
    {
        JobValidator.Validate(request, client.Time);
        return request;
    }
}
