using Drover.Brokers;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Problems;
using Drover.Workers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Workers;

/// <summary>Connected workers.</summary>
internal static class WorkerEndpoints
{
    public static void MapWorkers(this IEndpointRouteBuilder api)
    {
        var workers = api.MapGroup("/workers").WithTags("Workers");
        workers.MapGet("", ListAsync).WithName("listWorkers");
        workers.MapGet("/stats", StatsAsync).WithName("getWorkerStats");
        workers.MapPost("/{id}/drain", DrainAsync).WithName("drainWorker");
    }

    /// <summary>List connected workers</summary>
    public static async Task<Ok<WorkerListResponse>> ListAsync(HttpContext context, IBroker broker) =>
        TypedResults.Ok(new WorkerListResponse { Items = [.. (await broker.ListWorkersAsync(context.RequestAborted)).Select(Worker)] });

    /// <summary>Show all workers together</summary>
    public static async Task<Ok<WorkerStatsResponse>> StatsAsync(HttpContext context, IBroker broker) =>
        TypedResults.Ok(Stats(await broker.ListWorkersAsync(context.RequestAborted)));

    /// <summary>Drain a worker</summary>
    /// <remarks>It takes no new jobs, finishes those in hand and leaves.</remarks>
    /// <param name="id">Its id.</param>
    public static async Task<Results<Accepted<WorkerResponse>, NotFoundProblem>> DrainAsync(string id, HttpContext context, IBroker broker, AuditTrail audit)
    {
        // Looked at before: with nothing in hand it is gone a moment later.
        var worker = (await broker.ListWorkersAsync(context.RequestAborted)).FirstOrDefault(w => w.Description.Id == id);
        if (worker is null || !await broker.DrainWorkerAsync(id, context.RequestAborted))
            return new NotFoundProblem($"There is no worker '{id}' connected.");
        await audit.RecordAsync(context.Caller(), "worker.drain", id);
        return TypedResults.Accepted("/api/v1/workers", Worker(worker with { Draining = true }));
    }

    public static WorkerStatsResponse Stats(IReadOnlyList<WorkerInfo> workers) => new()
    {
        ActiveWorkers = workers.Count,
        Draining = workers.Count(w => w.Draining),
        TotalCapacity = workers.Where(w => !w.Draining).Sum(w => w.Description.Slots),
        Busy = workers.Sum(w => w.Busy),
    };

    public static WorkerResponse Worker(WorkerInfo worker)
    {
        var description = worker.Description;
        return new()
        {
            Id = description.Id,
            Host = description.Host,
            ProcessId = description.ProcessId,
            Version = description.Version,
            Labels = [.. description.Capabilities.Labels.Order(StringComparer.Ordinal)],
            Queues = [.. description.Queues.Select(q => q.Weight == 1 ? q.Name : $"{q.Name}={q.Weight}")],
            RunsCommands = description.Capabilities.Shell,
            JobTypes = [.. description.Capabilities.JobTypes.Order(StringComparer.Ordinal)],
            Slots = description.Slots,
            Busy = worker.Busy,
            Draining = worker.Draining,
            ConnectedAt = worker.ConnectedAt,
            LastHeartbeat = worker.LastHeartbeat,
            Jobs = [.. worker.Jobs.Select(j => new WorkerJob { Id = j.JobId, Attempt = j.Attempt })],
        };
    }
}
