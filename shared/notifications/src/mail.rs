//! An email: its content, and its two forms, plain text and HTML. The content is escaped in HTML, so no markup gets
//! in. Pure.

use events::Line;

const LABEL_TITLE: &str = "We send it to:";

/// An email in both of its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// The content of an email, before it has a form.
#[derive(Default)]
pub(crate) struct MailDraft<'a> {
    pub(crate) subject: String,
    pub(crate) paragraphs: Vec<String>,
    /// The lines of an order.
    pub(crate) lines: &'a [Line],
    /// The total of the lines.
    pub(crate) total: Option<String>,
    /// The lines of the postal address of an order.
    pub(crate) label: Vec<String>,
    /// The label and the URL of a link.
    pub(crate) link: Option<(&'static str, String)>,
    /// Labels and values, for the operator.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) closing: &'static str,
}

impl MailDraft<'_> {
    /// Writes both forms, to `name` (empty if the name is not known).
    pub(crate) fn into_mail(self, name: &str) -> Mail {
        let greeting = if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") };
        Mail { text: self.as_text(&greeting), html: self.as_html(&greeting), subject: self.subject }
    }

    fn as_text(&self, greeting: &str) -> String {
        let mut parts = vec![greeting.to_owned()];
        parts.extend(self.paragraphs.iter().cloned());
        if !self.lines.is_empty() {
            parts.push(self.lines.iter().map(text_line).collect::<Vec<_>>().join("\n"));
        }
        parts.extend(self.total.iter().map(|total| format!("Total: {total}")));
        if !self.label.is_empty() {
            parts.push(format!("{LABEL_TITLE}\n{}", self.label.join("\n")));
        }
        parts.extend(self.link.iter().map(|(name, url)| format!("{name}: {url}")));
        if !self.facts.is_empty() {
            let facts = self.facts.iter().map(|(name, value)| format!("{name}: {value}"));
            parts.push(facts.collect::<Vec<_>>().join("\n"));
        }
        parts.push(self.closing.to_owned());
        parts.join("\n\n") + "\n"
    }

    fn as_html(&self, greeting: &str) -> String {
        let mut html = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"></head>\
                        <body style=\"font-family:sans-serif;line-height:1.5;max-width:40em\">\n"
            .to_owned();
        for paragraph in std::iter::once(greeting).chain(self.paragraphs.iter().map(String::as_str)) {
            html += &format!("<p>{}</p>\n", escape(paragraph));
        }
        if !self.lines.is_empty() {
            html += "<table cellpadding=\"4\">\n";
            html += &self.lines.iter().map(html_line).collect::<String>();
            if let Some(total) = &self.total {
                html += &format!(
                    "<tr><th align=\"left\" colspan=\"2\">Total</th><th align=\"right\">{}</th></tr>\n",
                    escape(total)
                );
            }
            html += "</table>\n";
        }
        if !self.label.is_empty() {
            let lines: String = self.label.iter().map(|line| format!("<br>{}", escape(line))).collect();
            html += &format!("<p>{LABEL_TITLE}{lines}</p>\n");
        }
        if let Some((name, url)) = &self.link {
            html += &format!("<p><a href=\"{}\">{}</a></p>\n", escape(url), escape(name));
        }
        if !self.facts.is_empty() {
            let fact = |(name, value): &(_, String)| {
                format!("<tr><th align=\"left\">{name}</th><td>{}</td></tr>\n", escape(value))
            };
            html +=
                &format!("<table cellpadding=\"4\">\n{}</table>\n", self.facts.iter().map(fact).collect::<String>());
        }
        html + &format!("<p>{}</p>\n</body></html>\n", escape(self.closing))
    }
}

fn text_line(line: &Line) -> String {
    format!("{} x {}  {}", line.name, line.quantity.get(), line.line_total)
}

fn html_line(line: &Line) -> String {
    let (name, pieces, total) = (escape(&line.name), line.quantity.get(), line.line_total);
    format!("<tr><td>{name}</td><td align=\"right\">x {pieces}</td><td align=\"right\">{total}</td></tr>\n")
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            other => safe.push(other),
        }
    }
    safe
}
