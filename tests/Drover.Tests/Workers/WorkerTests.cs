using Drover.Jobs;
using Drover.Tests.Support;
using Drover.Workers;

namespace Drover.Tests.Workers;

public sealed class WorkerTests
{
    [Fact]
    public async Task A_task_runs_through_its_handler_and_completes_with_result_and_output()
    {
        await using var home = new WorkerHome();
        home.Handlers.Add("echo", static (context, _) =>
        {
            context.Log($"attempt {context.Attempt}");
            return new(TaskResult.Json(context.Payload));
        });
        await home.StartAsync();
        var id = await home.AddAsync(Specs.Task(payload: "{\"n\":1}"));

        var job = await home.BecomesAsync(id, JobStatus.Completed);
        Assert.Equal("{\"n\":1}", System.Text.Encoding.UTF8.GetString(job.Outcome!.Result!.Value.Span));
        Assert.Equal("attempt 1\n", await home.OutputAsync(id));
        Assert.Equal("w", job.WorkerId);
    }

    [Fact]
    public async Task Many_tasks_from_many_producers_all_complete_once()
    {
        await using var home = new WorkerHome();
        int ran = 0;
        home.Handlers.Add("echo", (_, _) =>
        {
            Interlocked.Increment(ref ran);
            return ValueTask.CompletedTask;
        });
        await home.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 100; i++)
                await home.AddAsync(Specs.Task());
        })));

        await Eventually.BecomesAsync("all are completed", async () => (await home.Broker.CountAsync(JobFilter.All)).Completed == 2000);
        Assert.Equal(2000, ran);
    }
}
