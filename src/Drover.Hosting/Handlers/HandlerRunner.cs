using System.Diagnostics;
using System.Text.Json;
using Drover.Workers;
using Microsoft.Extensions.DependencyInjection;

namespace Drover.Hosting;

/// <summary>A kind as an attempt needs it.</summary>
internal readonly record struct RunKind(string Name, int Version, RetryPolicy Retry);

/// <summary>Runs one attempt: reads the payload, opens a scope, goes through the middleware, and says what a failure means.</summary>
internal sealed class HandlerRunner(IServiceScopeFactory scopes, IReadOnlyList<JobMiddleware> middleware)
{
    public async ValueTask<TaskResult> RunAsync<TJob>(
        TaskContext task, RunKind kind, Func<ReadOnlyMemory<byte>, TJob> read, JobCall<TJob> handler, CancellationToken cancel)
    {
        using var activity = Tracing.StartRun(task, kind.Name);
        try
        {
            TJob job;
            try
            {
                job = read(task.Payload);
            }
            catch (JsonException unreadable)
            {
                activity?.SetStatus(ActivityStatusCode.Error, unreadable.Message);
                throw new NeverRetryException($"The payload cannot be read as '{kind.Name}' version {kind.Version}: {unreadable.Message}", unreadable);
            }

            return await RunAsync(task, kind, job, handler, cancel);
        }
        catch (Exception e) when (e is not (SnoozeException or NeverRetryException) && !cancel.IsCancellationRequested)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            activity?.AddException(e);
            var (never, wait) = kind.Retry.After(e, task.Attempt);
            return TaskResult.Failed(e, never, wait);
        }
    }

    private async ValueTask<TaskResult> RunAsync<TJob>(TaskContext task, RunKind kind, TJob job, JobCall<TJob> handler, CancellationToken cancel)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = new JobContext(task, kind.Name, kind.Version, scope.ServiceProvider, cancel);
        JobLog.Current = context;
        try
        {
            await NextOf(0)();
            return context.Result is { } json ? TaskResult.Json(json) : TaskResult.Done;
        }
        finally
        {
            context.End();
        }

        JobNext NextOf(int index) => index == middleware.Count
            ? () => handler(scope.ServiceProvider, job, context, cancel)
            : () => middleware[index](context, NextOf(index + 1));
    }
}
