using System.Globalization;
using System.Text;
using Llm4Msr.Platform;
using Sylvan.Data.Csv;

namespace Llm4Msr.Serving;

/// <summary>Scores a CSV file of (scenario, user, item, context) rows into another one, row by row in the same order.</summary>
public static class PredictionFile
{
    private const string Probability = "probability";
    private const int RowsAtOnce = 1 << 16;
    private const char NoComment = '\uffff'; // no character: an id may begin with the usual '#', and no row is left out

    /// <param name="progress">Called with the number of rows scored and the number of bytes read so far, 0 where that is not known (a pipe).</param>
    /// <returns>The number of rows.</returns>
    public static long Score(ClickPredictor predictor, string input, string output, CancellationToken cancellation, Action<long, long>? progress = null)
    {
        if (!File.Exists(input))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{input}'.");
        long rows = 0;
        DurableFile.Write(output, stream =>
        {
            using var bytes = File.OpenRead(input);
            string[] names = ["scenario", "user", "item", .. predictor.ContextFields];
            using var reader = Open(input, bytes, names);
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
            var columns = Columns(input, reader, names);
            writer.WriteLine(string.Join(',', names.Append(Probability)));

            var raw = new List<RawRow>();
            var line = 2 + Enumerable.Range(0, reader.FieldCount).Sum(column => reader.GetName(column).Count(c => c == '\n'));
            while (Read(input, reader, line))
            {
                raw.Add(ReadRow(predictor, input, line, reader, names, columns));
                line += 1 + reader.GetRawRecordSpan().TrimEnd("\r\n").Count('\n'); // quoted fields may go over lines
                if (raw.Count == RowsAtOnce)
                    Flush();
            }
            Flush();

            void Flush()
            {
                cancellation.ThrowIfCancellationRequested();
                var probabilities = predictor.Predict(predictor.Encode(raw));
                for (var k = 0; k < raw.Count; k++)
                {
                    string[] values = [predictor.Scenarios[raw[k].Scenario], raw[k].User, raw[k].Item, .. raw[k].Context];
                    writer.Write(string.Join(',', values.Select(Quoted)));
                    writer.Write(',');
                    writer.WriteLine(probabilities[k].ToString("R", CultureInfo.InvariantCulture));
                }
                rows += raw.Count;
                raw.Clear();
                progress?.Invoke(rows, bytes.CanSeek ? bytes.Position : 0);
            }
        });
        return rows;
    }

    private static CsvDataReader Open(string path, Stream bytes, string[] names)
    {
        try
        {
            return CsvDataReader.Create(new StreamReader(bytes), new CsvDataReaderOptions { HasHeaders = true, Culture = CultureInfo.InvariantCulture, Comment = NoComment });
        }
        catch (CsvMissingHeadersException)
        {
            throw NoColumn(path, names[0], names);
        }
        catch (CsvFormatException e)
        {
            throw Malformed(path, line: 1, e);
        }
    }

    private static bool Read(string path, CsvDataReader reader, int line)
    {
        try
        {
            return reader.Read();
        }
        catch (CsvRecordTooLargeException e)
        {
            throw new Llm4MsrException(FaultKind.BadInput, $"{path}, line {line}: the row does not end. A double quote that is not closed, or another kind of file?", e);
        }
        catch (CsvFormatException e)
        {
            throw Malformed(path, line, e);
        }
    }

    private static int[] Columns(string path, CsvDataReader reader, string[] names) => [.. names.Select(name =>
    {
        for (var column = 0; column < reader.FieldCount; column++)
        {
            if (reader.GetName(column) == name)
                return column;
        }
        throw NoColumn(path, name, names);
    })];

    private static Llm4MsrException NoColumn(string path, string name, string[] names) => new(FaultKind.BadInput,
        $"{path}, line 1: there is no column '{name}'. The first line must name the columns {string.Join(", ", names)}, in any order.");

    private static RawRow ReadRow(ClickPredictor predictor, string path, int line, CsvDataReader reader, string[] names, int[] columns)
    {
        if (reader.RowFieldCount > reader.FieldCount)
        {
            throw new Llm4MsrException(FaultKind.BadInput,
                $"{path}, line {line}: {reader.RowFieldCount} fields, but line 1 names {reader.FieldCount} columns. Fields with a comma stand in double quotes.");
        }
        var values = new string[columns.Length];
        for (var k = 0; k < columns.Length; k++)
        {
            if (columns[k] >= reader.RowFieldCount)
            {
                throw new Llm4MsrException(FaultKind.BadInput,
                    $"{path}, line {line}: {reader.RowFieldCount} fields, so that '{names[k]}' is missing. Complete the line.");
            }
            values[k] = reader.GetString(columns[k]);
        }
        var scenario = predictor.ScenarioIndex(values[0]);
        if (scenario < 0)
        {
            throw new Llm4MsrException(FaultKind.BadInput,
                $"{path}, line {line}: the scenario is '{values[0]}'. The model knows: {string.Join(", ", predictor.Scenarios)}.");
        }
        return new RawRow(scenario, values[1], values[2], values[3..]);
    }

    private static Llm4MsrException Malformed(string path, int line, CsvFormatException e) => new(FaultKind.BadInput,
        $"{path}, line {line}: not CSV ({e.Message}). Fields with a comma or a quote stand in double quotes.", e);

    private static string Quoted(string value) => value.AsSpan().IndexOfAny(",\"\r\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
