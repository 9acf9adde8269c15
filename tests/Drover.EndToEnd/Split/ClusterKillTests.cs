using Drover.EndToEnd.Program;
using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Split;

/// <summary>The promise of the whole product once more, where each process dies alone.</summary>
public sealed class ClusterKillTests(ITestOutputHelper output)
{
    private const int Kills = 20;

    [Fact]
    public async Task Killed_one_at_a_time_under_load_they_lose_nothing_and_double_nothing()
    {
        int seed = KillGame.Seed(output);
        var random = new Random(seed);
        string mark = "mark" + Guid.NewGuid().ToString("N");
        await using var cluster = await RunningCluster.StartAsync("2s");
        cluster.StartApi("api-2");
        cluster.StartWorker("w-2");
        await cluster.ReadyAsync("api-2", "w-1", "w-2");
        using var first = cluster.Api();
        using var second = cluster.Api("api-2");
        int turn = 0;
        var game = new KillGame(output, cluster.Folder, mark, () => (Interlocked.Increment(ref turn) & 1) == 0 ? first.Http : second.Http) { MayBeAway = true };
        game.Begin(submitters: 3, seed);
        string[] names = ["queue", "queue", "api-1", "api-2", "w-1", "w-2"];
        for (int kill = 0; kill < Kills; kill++)
        {
            // Jobs are under way at every kill, however slowly the machine starts what was killed before.
            int before = game.Acknowledged;
            await RunningDrover.WaitAsync(() => Task.FromResult(game.Acknowledged > before + 10), () => "Nothing is accepted any more.\n" + cluster.Logs);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500)), TimeProvider.System);
            string name = names[random.Next(names.Length)];
            await cluster.Running[name].KillAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500)), TimeProvider.System);
            _ = name switch { "queue" => cluster.StartQueue(), "api-1" or "api-2" => cluster.StartApi(name), _ => cluster.StartWorker(name) };
        }

        await cluster.ReadyAsync("api-1");
        await cluster.ReadyAsync("api-2", "w-1", "w-2");
        await game.EndAsync(Kills, () => cluster.Logs);
        await game.CheckAsync(Kills);
        await ShellHost.NothingLeftAsync(mark);
        Assert.All(cluster.Running.Values, program => Assert.False(program.Ended, program.ErrorText));
    }
}
