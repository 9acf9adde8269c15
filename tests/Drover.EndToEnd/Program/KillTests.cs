using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Program;

/// <summary>The promise of the whole product: killed at any moment, it loses nothing that it acknowledged and repeats nothing that may not run twice.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Kills = 20;

    [Fact]
    public async Task Killed_twenty_times_under_load_it_loses_nothing_and_doubles_nothing()
    {
        int seed = KillGame.Seed(output);
        var random = new Random(seed);
        string mark = "mark" + Guid.NewGuid().ToString("N");
        await using var drover = await RunningDrover.StartAsync(
            "--worker-lease", "2s", "--worker-heartbeat-interval", "500ms", "--worker-concurrency", "8", "--queue-name", "*", "--log-level", "warn");
        var game = new KillGame(output, drover.Folder, mark, () => drover.Http);
        game.Begin(submitters: 4, seed);
        for (int kill = 0; kill < Kills; kill++)
        {
            // From the very start of loading to well into the work, so that kills also hit what a start repairs.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 2500)), TimeProvider.System);
            await drover.Program.KillAsync();
            await drover.StartAgainAsync();
        }

        await game.EndAsync(Kills, () => drover.Log);
        await game.CheckAsync(Kills);
        await ShellHost.NothingLeftAsync(mark);
    }
}
