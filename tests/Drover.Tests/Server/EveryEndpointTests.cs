using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Drover.Workers;

namespace Drover.Tests.Server;

/// <summary>What holds for every operation of the API, walked through its own document: a new operation is tested the day it is added.</summary>
public sealed class EveryEndpointTests
{
    private static readonly HashSet<string> Open = ["getHealth", "getReadiness", "getLiveness", "openSession"];

    [Fact]
    public async Task Only_health_and_signing_in_are_open_and_all_else_answers_401()
    {
        await using var host = await TestHost.StartAsync();
        using var nobody = host.NewClient();
        foreach (var operation in await ApiOperation.ReadAsync(host.Client))
        {
            Assert.Equal(!Open.Contains(operation.Id), operation.Secured);
            if (operation.Secured)
                (await nobody.Send(operation.Method, AnyOf(operation), operation.HasJsonBody ? "{}" : null)).Is(401);
        }
    }

    [Fact]
    public async Task A_right_call_answers_what_the_document_says()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        var rows = await ApiRows.MakeAsync(host);
        var operations = await ApiOperation.ReadAsync(host.Client);
        Assert.Empty(rows.Operations.Except(operations.Select(o => o.Id)));
        // The session is closed and the worker drained last.
        foreach (var operation in operations.OrderBy(o => o.Id is "closeSession" or "drainWorker"))
        {
            var row = rows[operation.Id];
            Assert.True(operation.Responses.TryGetProperty(((int)row.Status).ToString(System.Globalization.CultureInfo.InvariantCulture), out _),
                $"{operation.Id} does not document {row.Status}");
            if (operation.Id == "uploadKey")
            {
                await ApiRows.UploadAsync(host, "row-key-2");
                continue;
            }

            using var request = new HttpRequestMessage(new(operation.Method), row.FullPath);
            if (row.Body is not null)
                request.Content = new StringContent(row.Body, Encoding.UTF8, "application/json");
            using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.True(row.Status == response.StatusCode, $"{operation.Id}: {response.StatusCode}");
            if (response.Content.Headers.ContentType?.MediaType == "application/json" && operation.AnswerProperties((int)row.Status) is { } known)
                Assert.Empty(JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()).EnumerateObject().Select(p => p.Name).Except(known));
        }

        Assert.Empty(host.Log.Errors);
    }

    [Fact]
    public async Task A_method_that_is_not_offered_answers_405_with_those_that_are()
    {
        await using var host = await TestHost.StartAsync();
        foreach (var path in (await ApiOperation.ReadAsync(host.Client)).GroupBy(o => o.Path))
        {
            var answer = (await host.Client.Send("OPTIONS", AnyOf(path.First()))).Is(405);
            foreach (var operation in path)
                Assert.Contains(operation.Method, answer.Headers["Allow"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_body_of_another_media_type_answers_415_and_none_at_all_400()
    {
        await using var host = await TestHost.StartAsync();
        foreach (var operation in (await ApiOperation.ReadAsync(host.Client)).Where(o => o.HasJsonBody))
        {
            // Without JSON this path is that of one server, called 'bulk'.
            (await host.Client.Send(operation.Method, AnyOf(operation), "command=true", "application/x-www-form-urlencoded")).Is(operation.Id == "checkServers" ? 404 : 415);
            if (operation.Id is not ("duplicateJob" or "checkServers"))
                (await host.Client.Send(operation.Method, AnyOf(operation))).Is(400);
        }
    }

    [Theory]
    [InlineData("/api")]
    [InlineData("/api/v1")]
    [InlineData("/api/v1/nothing")]
    [InlineData("/api/v2/jobs")]
    [InlineData("/api/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057/nothing")]
    public async Task What_is_not_there_answers_404(string path)
    {
        await using var host = await TestHost.StartAsync();
        foreach (string method in (string[])["GET", "POST", "DELETE"])
            (await host.Client.Send(method, path)).Is(404);
    }

    [Fact]
    public async Task What_is_named_and_not_there_answers_404()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        var rows = await ApiRows.MakeAsync(host);
        foreach (var operation in (await ApiOperation.ReadAsync(host.Client)).Where(o => o.Responses.TryGetProperty("404", out _)))
            (await host.Client.Send(operation.Method, AnyOf(operation), rows[operation.Id].Body)).Is(404);
    }

    [Fact]
    public async Task A_query_parameter_that_is_unknown_or_wrong_is_named()
    {
        await using var host = await TestHost.StartAsync();
        foreach (var operation in (await ApiOperation.ReadAsync(host.Client)).Where(o => o.Path.StartsWith("/api/", StringComparison.Ordinal) && o.Method == "GET" && o.Id != "openWebSocket"))
        {
            var answer = (await host.Client.Get(AnyOf(operation) + "?no_such_thing=1")).Is(400);
            Assert.NotEmpty(answer.Error("no_such_thing"));
            foreach (var parameter in operation.Json.TryGetProperty("parameters", out var all) ? all.EnumerateArray().ToList() : [])
            {
                string name = parameter.GetProperty("name").GetString()!;
                if (parameter.GetProperty("in").GetString() == "query" && !operation.TypesOf(parameter.GetProperty("schema")).Contains("string")
                    && !operation.TypesOf(parameter.GetProperty("schema")).Contains("array"))
                    Assert.NotEmpty((await host.Client.Get($"{AnyOf(operation)}?{name}=%2Dx")).Is(400).Error(name));
            }
        }
    }

    [Fact]
    public async Task A_field_of_a_wrong_type_and_one_that_is_unknown_are_named()
    {
        await using var host = await TestHost.StartAsync(handlers: new TaskHandlers());
        var rows = await ApiRows.MakeAsync(host);
        int tried = 0;
        foreach (var operation in (await ApiOperation.ReadAsync(host.Client)).Where(o => o.HasJsonBody))
        {
            var row = rows[operation.Id];
            foreach (var (name, schema) in operation.BodyProperties().Append(("no_such_field", default)))
            {
                var types = schema.ValueKind == JsonValueKind.Undefined ? [] : operation.TypesOf(schema);
                // A payload is any JSON.
                if (name == "payload")
                    continue;
                foreach (string wrong in (string[])["-17.5", "\"\\u0000 wrong\"", "{\"wrong\": 1}", "[[[]]]", "true"])
                {
                    if (types.Contains(TypeOf(wrong)))
                        continue;
                    var body = JsonNode.Parse(row.Body!)!.AsObject();
                    body[name] = JsonNode.Parse(wrong);
                    var answer = await host.Client.Send(operation.Method, row.FullPath, body.ToJsonString());
                    Assert.True(answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity, $"{operation.Id} {name} = {wrong}: {answer.Status} {answer.Text}");
                    answer.Is(answer.Status);
                    Assert.True(answer.Json.GetProperty("errors").EnumerateObject().Any(e => e.Name.StartsWith(name, StringComparison.Ordinal)), $"{operation.Id} {name} = {wrong}: {answer.Text}");
                    tried++;
                }
            }
        }

        Assert.InRange(tried, 200, 10_000);
        Assert.Empty(host.Log.Errors);
    }

    private static string TypeOf(string json) => JsonElement.Parse(json).ValueKind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        _ => "boolean",
    };

    /// <summary>The operation's path with names of nothing.</summary>
    private static string AnyOf(ApiOperation operation) => operation.Path
        .Replace("{id}", operation.Path.Contains("/jobs/", StringComparison.Ordinal) || operation.Path.Contains("/batches/", StringComparison.Ordinal) ? "01890a5d-ac96-774b-bcce-b302099a8057" : "nothing", StringComparison.Ordinal)
        .Replace("{name}", "nothing", StringComparison.Ordinal).Replace("{filename}", "nothing", StringComparison.Ordinal);
}
