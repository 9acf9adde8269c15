using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Jobs;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Top;

/// <summary>What the keys of <c>drover top</c> do.</summary>
internal static class TopKeys
{
    /// <summary>Carries a key out; false to leave.</summary>
    public static async Task<bool> PressAsync(Call call, TopView view, ConsoleKeyInfo key)
    {
        view.Message = null;
        if (view.Question is { } question)
        {
            view.Question = null;
            if (key.KeyChar is 'y' or 'Y')
                view.Message = await TryAsync(question.Act);
            return true;
        }

        switch (key.Key)
        {
            case ConsoleKey.Q:
                return false;
            case ConsoleKey.Escape:
                view.LogOf = null;
                break;
            case ConsoleKey.DownArrow or ConsoleKey.J:
                view.Move(1);
                break;
            case ConsoleKey.UpArrow or ConsoleKey.K:
                view.Move(-1);
                break;
            case ConsoleKey.PageDown:
                view.Move(10);
                break;
            case ConsoleKey.PageUp:
                view.Move(-10);
                break;
            case ConsoleKey.Enter:
                view.LogOf = view.LogOf == view.Selected?.Id ? null : view.Selected?.Id;
                break;
            case ConsoleKey.C when view.Selected is { } job:
                if (job.Status.IsFinal())
                    view.Message = "It has ended already.";
                else
                    view.Question = new($"Cancel {Words.Short(job.Name ?? job.Preview, 40)}?", () => CancelAsync(call, job));
                break;
            case ConsoleKey.P when view.SelectedQueue is { } queue:
                view.Question = new(queue.Paused ? $"Resume the queue {queue.Name}?" : $"Pause the queue {queue.Name}? Jobs that run go on.", () => SwitchAsync(call, queue));
                break;
        }

        return true;
    }

    private static async Task<string> CancelAsync(Call call, JobSummary job)
    {
        var request = new JobActionRequest { Action = JobAction.Cancel, Ids = [job.Id] };
        var answer = await call.Client.SendAsync<JobActionRequest, JobActionResponse>(HttpMethod.Post, "jobs/actions", request, call.Cancel);
        return answer.Accepted > 0 ? "Asked it to end." : answer.Changed > 0 ? "Canceled." : "It has ended already.";
    }

    private static async Task<string> SwitchAsync(Call call, QueueResponse queue)
    {
        var now = await call.Client.PostAsync<QueueResponse>($"queues/{Uri.EscapeDataString(queue.Name)}/{(queue.Paused ? "resume" : "pause")}", call.Cancel);
        return now.Paused ? $"{now.Name} is paused." : $"{now.Name} is open.";
    }

    private static async Task<string> TryAsync(Func<Task<string>> act)
    {
        try
        {
            return await act();
        }
        catch (Exception failed) when (failed is ApiException or UnreachableException)
        {
            return failed.Message;
        }
    }
}

/// <summary>A question that <c>y</c> answers, and what is done then.</summary>
internal sealed record TopQuestion(string Text, Func<Task<string>> Act);
