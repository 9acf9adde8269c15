using Drover.Brokers;
using Drover.Jobs;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Http;
using Drover.Server.Jobs;
using Drover.Server.Problems;
using Drover.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Batches;

/// <summary>Batches: many jobs as one.</summary>
internal static class BatchEndpoints
{
    private const int Page = 500;

    public static void MapBatches(this IEndpointRouteBuilder api, ServerOptions options)
    {
        var batches = api.MapGroup("/batches").WithTags("Batches");
        batches.MapPost("", SubmitAsync).WithName("submitBatch").WithMetadata(new BodyLimit(options.MaxBodyBytes));
        batches.MapGet("/{id:guid}", ShowAsync).WithName("getBatch");
        batches.MapPost("/{id:guid}/cancel", CancelAsync).WithName("cancelBatch");
    }

    /// <summary>Submit a batch</summary>
    /// <remarks>All or none. The completion starts when all jobs have completed, or with <c>on: always</c> when all have ended. While one has failed it waits for that one's retry; it is canceled when a job of the batch is.</remarks>
    public static async Task<Created<BatchResponse>> SubmitAsync(BatchRequest request, HttpContext context, JobSubmission submission)
    {
        var batch = await submission.SubmitBatchAsync(request, context);
        return TypedResults.Created($"/api/v1/batches/{batch.Id}", batch);
    }

    /// <summary>Show a batch</summary>
    /// <param name="id">The batch.</param>
    public static async Task<Results<Ok<BatchResponse>, NotFoundProblem>> ShowAsync(Guid id, HttpContext context, IBroker broker)
    {
        var counts = await broker.CountAsync(new() { OriginId = id }, context.RequestAborted);
        var completion = (await broker.GetAsync([JobGroups.CompletionOf(id)], context.RequestAborted))[0];
        if (completion is not { Spec.After: { IsBatch: true } after } || after.Id != id)
            completion = null;
        return counts.Total == 0 && completion is null ? new NotFoundProblem($"There is no batch {id}.") : TypedResults.Ok(View(id, counts, completion));
    }

    /// <summary>Cancel a batch</summary>
    /// <remarks>Its jobs that have not ended: those that wait at once, those that run are asked to end. The completion is canceled with them unless it always follows.</remarks>
    /// <param name="id">The batch.</param>
    public static async Task<Results<Ok<BatchCancelResponse>, NotFoundProblem>> CancelAsync(Guid id, HttpContext context, IBroker broker, AuditTrail audit)
    {
        if ((await broker.CountAsync(new() { OriginId = id }, context.RequestAborted)).Total == 0)
            return new NotFoundProblem($"There is no batch {id}.");
        var unfinished = new JobFilter { OriginId = id, Statuses = [JobStatus.Scheduled, JobStatus.Queued, JobStatus.Running, JobStatus.Retrying] };
        var (canceled, requested, cursor) = (0, 0, (string?)null);
        do
        {
            var page = await broker.ListAsync(new(unfinished, JobSort.CreatedAscending, Page, cursor), context.RequestAborted);
            var changes = page.Items.Count == 0 ? [] : await broker.CancelAsync([.. page.Items.Select(job => job.Id)], context.Caller().Name, context.RequestAborted);
            canceled += changes.Count(c => c.Result == ChangeResult.Done);
            requested += changes.Count(c => c.Result == ChangeResult.Accepted);
            cursor = page.Next;
        }
        while (cursor is not null);
        await audit.RecordAsync(context.Caller(), "batch.cancel", id.ToString(), $"{canceled + requested} jobs");
        return TypedResults.Ok(new BatchCancelResponse { Canceled = canceled, Requested = requested });
    }

    public static BatchResponse View(Guid id, JobCounts counts, Job? completion) => new()
    {
        Id = id,
        Counts = JobViews.Counts(counts),
        Finished = counts.Scheduled + counts.Queued + counts.Running + counts.Retrying == 0,
        Completion = completion is null ? null : JobViews.Summary(completion),
    };
}
