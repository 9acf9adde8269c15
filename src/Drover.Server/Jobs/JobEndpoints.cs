using Drover.Brokers;
using Drover.Jobs;
using Drover.Server.Audit;
using Drover.Server.Auth;
using Drover.Server.Contracts;
using Drover.Server.Http;
using Drover.Server.Problems;
using Drover.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Drover.Server.Jobs;

/// <summary>Submitting jobs and acting on them.</summary>
internal static class JobEndpoints
{
    public const string DuplicateHeader = "Drover-Duplicate";

    public static void MapJobs(this IEndpointRouteBuilder api, ServerOptions options)
    {
        var jobs = api.MapGroup("/jobs").WithTags("Jobs").WithMetadata(new BodyLimit(options.MaxBodyBytes / 4));
        jobs.MapPost("", SubmitAsync).WithName("submitJob");
        jobs.MapPost("/script", SubmitScriptAsync).WithName("submitScript");
        jobs.MapPost("/bulk", SubmitManyAsync).WithName("submitJobs").WithMetadata(new BodyLimit(options.MaxBodyBytes));
        jobs.MapPost("/actions", JobActions.RunAsync).WithName("actOnJobs");
        jobs.MapPatch("/{id:guid}", UpdateAsync).WithName("updateJob");
        jobs.MapPost("/{id:guid}/cancel", CancelAsync).WithName("cancelJob");
        jobs.MapPost("/{id:guid}/rerun", JobReruns.RerunAsync).WithName("rerunJob");
        jobs.MapPost("/{id:guid}/duplicate", JobReruns.DuplicateAsync).WithName("duplicateJob");
        jobs.MapPost("/{id:guid}/retry", RetryAsync).WithName("retryJob");
        jobs.MapDelete("/{id:guid}", DeleteAsync).WithName("deleteJob");
        jobs.MapJobQueries();
    }

    /// <summary>Submit a job</summary>
    /// <remarks>A command, a script or a task. It is stored durably when the answer comes. With the header <c>Idempotency-Key</c> the same call within 24 hours gets the first answer and creates nothing.</remarks>
    public static async Task<Results<Created<JobResponse>, Ok<JobResponse>>> SubmitAsync(JobRequest request, HttpContext context, JobSubmission submission) =>
        Answer(await submission.SubmitAsync(request, context), context);

    /// <summary>Submit a script</summary>
    /// <remarks>The same as submitting a job, for a body that must be a script.</remarks>
    public static async Task<Results<Created<JobResponse>, Ok<JobResponse>>> SubmitScriptAsync(JobRequest request, HttpContext context, JobSubmission submission)
    {
        if (request.Script is null)
            throw Errors.Of("script", "Is required.");
        return Answer(await submission.SubmitAsync(request, context), context);
    }

    /// <summary>Submit many jobs, all or none</summary>
    /// <remarks>Either <c>jobs</c>, up to 10,000 of any kind, or one command or script with <c>server_ids</c> or <c>server_tags</c>, which every one of those servers gets.</remarks>
    public static async Task<Created<JobBulkResponse>> SubmitManyAsync(JobBulkRequest request, HttpContext context, JobSubmission submission) =>
        TypedResults.Created("/api/v1/jobs", await submission.SubmitManyAsync(request, context));

    /// <summary>Change a job that waits</summary>
    /// <param name="id">The job.</param>
    public static async Task<Results<Ok<JobResponse>, NotFoundProblem, ConflictProblem>> UpdateAsync(
        Guid id, JobUpdateRequest request, HttpContext context, IBroker broker, AuditTrail audit)
    {
        if (request is { Priority: null, RunAt: null })
            throw Errors.Of("priority", "Give priority, run_at or both.");
        var change = await broker.UpdateAsync(id, new(request.Priority, request.RunAt), context.RequestAborted);
        if (change.Result == ChangeResult.NotFound)
            return NotFoundProblem.Job(id);
        if (change.Result != ChangeResult.Done)
            return new ConflictProblem($"The job is {change.To.Name()}; only jobs that wait can be changed.");
        await audit.RecordAsync(context.Caller(), "job.update", id.ToString(), Describe(request));
        return await ShowAsync(id, context, broker) is { } job ? TypedResults.Ok(job) : NotFoundProblem.Job(id);
    }

    /// <summary>Cancel a job</summary>
    /// <remarks>A waiting job is canceled at once (200). A running one is asked to end (202): its outcome follows as an event, and <c>canceled</c> is said only when its process was seen to be gone.</remarks>
    /// <param name="id">The job.</param>
    public static async Task<Results<Ok<JobResponse>, Accepted<JobResponse>, NotFoundProblem, ConflictProblem>> CancelAsync(
        Guid id, HttpContext context, IBroker broker, AuditTrail audit)
    {
        var change = (await broker.CancelAsync([id], context.Caller().Name, context.RequestAborted))[0];
        if (change.Result == ChangeResult.NotFound)
            return NotFoundProblem.Job(id);
        if (change.Result is not (ChangeResult.Done or ChangeResult.Accepted))
            return new ConflictProblem($"The job is {change.To.Name()} already.");
        await audit.RecordAsync(context.Caller(), "job.cancel", id.ToString());
        if (await ShowAsync(id, context, broker) is not { } job)
            return NotFoundProblem.Job(id);
        return change.Result == ChangeResult.Done ? TypedResults.Ok(job) : TypedResults.Accepted(Location(id), job);
    }

    /// <summary>Retry a failed job</summary>
    /// <remarks>It goes back to its queue with fresh attempts and the same id.</remarks>
    /// <param name="id">The job.</param>
    public static async Task<Results<Ok<JobResponse>, NotFoundProblem, ConflictProblem>> RetryAsync(Guid id, HttpContext context, IBroker broker, AuditTrail audit)
    {
        var change = (await broker.RetryAsync([id], context.RequestAborted))[0];
        if (change.Result == ChangeResult.NotFound)
            return NotFoundProblem.Job(id);
        if (change.Result != ChangeResult.Done)
        {
            return new ConflictProblem(change.To == JobStatus.Failed
                ? "Another unfinished job has this job's unique key."
                : $"The job is {change.To.Name()}; only failed jobs can be retried.");
        }

        await audit.RecordAsync(context.Caller(), "job.retry", id.ToString());
        return await ShowAsync(id, context, broker) is { } job ? TypedResults.Ok(job) : NotFoundProblem.Job(id);
    }

    /// <summary>Delete a finished job with its output</summary>
    /// <param name="id">The job.</param>
    public static async Task<Results<NoContent, NotFoundProblem, ConflictProblem>> DeleteAsync(Guid id, HttpContext context, IBroker broker, AuditTrail audit)
    {
        var change = (await broker.DeleteAsync([id], context.RequestAborted))[0];
        if (change.Result == ChangeResult.NotFound)
            return NotFoundProblem.Job(id);
        if (change.Result != ChangeResult.Done)
            return new ConflictProblem($"The job is {change.To.Name()}; only finished jobs can be deleted.");
        await audit.RecordAsync(context.Caller(), "job.delete", id.ToString());
        return TypedResults.NoContent();
    }

    /// <summary>201 for a new job, 200 for one that was there already.</summary>
    public static Results<Created<JobResponse>, Ok<JobResponse>> Answer(Submitted submitted, HttpContext context)
    {
        if (!submitted.Duplicate)
            return TypedResults.Created(Location(submitted.Job.Id), submitted.Job);
        context.Response.Headers[DuplicateHeader] = "true";
        return TypedResults.Ok(submitted.Job);
    }

    public static string Location(Guid id) => $"/api/v1/jobs/{id}";

    private static async ValueTask<JobResponse?> ShowAsync(Guid id, HttpContext context, IBroker broker) =>
        (await broker.GetAsync([id], context.RequestAborted))[0] is { } job ? JobViews.Full(job) : null;

    private static string Describe(JobUpdateRequest request) => string.Join(", ",
        new[] { request.Priority is { } p ? $"priority {p}" : null, request.RunAt is { } at ? $"run_at {at:O}" : null }.OfType<string>());
}
